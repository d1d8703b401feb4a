import type { OAuthRegistry } from 'nestjs-oauth-client';
import type { TestApp } from './test-app.js';

/** Returns a registry that registers each client with all apps. */
export function registryOfAll(apps: Pick<TestApp, 'registry'>[]): OAuthRegistry {
  const register: OAuthRegistry['register'] = (...registration) => {
    for (const { registry } of apps) registry.register(...registration);
  };
  return { register } as OAuthRegistry;
}
