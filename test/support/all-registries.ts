import type { OAuthRegistry } from 'nestjs-oauth-client';
import type { SiteApp } from './openid-site.js';

/** Returns a registry that registers each client with all apps. */
export function registryOfAll(apps: SiteApp[]): OAuthRegistry {
  const register: OAuthRegistry['register'] = (...registration) => {
    for (const { registry } of apps) registry.register(...registration);
  };
  return { register } as OAuthRegistry;
}
