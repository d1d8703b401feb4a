import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { HttpClient } from '../../http/http-client.js';
import { ClientKeys } from '../client/client-keys.js';
import { ClientSecret } from '../client/client-secret.js';
import { DpopKeys } from '../client/dpop-keys.js';
import { ProviderKeys } from './provider-keys.js';
import type { ProviderContext } from './provider.js';

/** Returns the context that a client keeps for its lifetime. */
export function providerContext(config: OAuth2ClientConfig, http: HttpClient): ProviderContext {
  return {
    config,
    http,
    clientSecret: new ClientSecret(config),
    clientKeys: new ClientKeys(config),
    providerKeys: new ProviderKeys(http),
    dpopKeys: new DpopKeys(config),
  };
}
