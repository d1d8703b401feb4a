import type { OAuthRegistry } from 'nestjs-oauth-client';
import type { SiteApp } from './openid-site.js';

/** What is registered, is registered in all of them. */
export function registryOfAll(apps: SiteApp[]): OAuthRegistry {
  const register: OAuthRegistry['register'] = (...registration) => {
    for (const { registry } of apps) registry.register(...registration);
  };
  return { register } as OAuthRegistry;
}
