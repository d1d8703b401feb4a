import { clientConfig, type CheckedClient, type OAuth2ClientConfig } from '../config/client-config.js';
import type { Faults } from '../config/read-client.js';
import { protocolOf, type Settings } from '../config/setting-keys.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';

/**
 * Returns the config with which a client registers itself at its provider.
 * @throws {OAuthConfigError} with every fault of the settings, or when the client uses OAuth 1
 */
export function draftConfig(
  name: string,
  settings: Settings,
  draft: { client: CheckedClient } | Faults,
): OAuth2ClientConfig {
  const faults = 'faults' in draft ? [...draft.faults] : [];
  if (protocolOf(settings) === 'OAuth 1') {
    faults.push(`${name}.request_token_url: OAuth 1 has no dynamic registration. Register the client by hand`);
  }
  const checked = 'faults' in draft ? undefined : clientConfig(draft.client);
  if (checked?.protocol !== 'OAuth 2') throw new OAuthConfigError(faults);
  return checked;
}
