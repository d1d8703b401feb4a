import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

/** Options that are not settings, and where they belong. */
const OPTIONS: Readonly<Record<string, string>> = {
  overwrite: 'expected in the options of the call to register()',
  readSettings: 'expected in the options of the call to register()',
  replace: 'expected in the options of the call to register()',
  allowPrivateNetwork: 'expected in the options of OAuthClientModule',
  allow_private_network: 'expected in the options of OAuthClientModule, as allowPrivateNetwork',
};

/**
 * Returns a fault for each option of `register()` or of the module that is among the settings. An application may pass on the
 * unchanged settings of a tenant, and a tenant must not be able to read the application's settings, to replace a client, or to
 * reach the private network.
 */
export function misplacedOptions(name: string, settings: unknown): string[] {
  if (!isRecord(settings)) return [`${name}: expected an object of settings`];
  const misplaced = Object.entries(OPTIONS).filter(([option]) => Object.hasOwn(settings, option));
  return misplaced.map(([option, place]) => `${name}.${option}: ${place}, not among the settings. Remove it`);
}

/** Returns the settings with the credentials and the method of a registration response (RFC 7591 §3.2.1). */
export function withCredentials(
  settings: Settings,
  registered: { client_id: string; client_secret?: string; token_endpoint_auth_method?: string },
): Settings {
  const { client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: method } = registered;
  const kwargs = isRecord(settings.clientKwargs) ? settings.clientKwargs : {};
  const clientKwargs = { ...(method && { tokenEndpointAuthMethod: method }), ...kwargs };
  return { ...settings, clientId, clientSecret, clientKwargs };
}
