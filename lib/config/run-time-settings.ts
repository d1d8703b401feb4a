import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

/**
 * Returns the options of `register()` that stand among the settings: an application may pass on the settings of a tenant as
 * they are, and a tenant must not ask for the application's own settings, or for a name that is taken.
 */
export function misplacedOptions(name: string, settings: unknown): string[] {
  if (!isRecord(settings)) return [`${name}: expected an object of settings`];
  const options = ['overwrite', 'readSettings', 'replace'].filter((option) => Object.hasOwn(settings, option));
  return options.map((option) => `${name}.${option}: expected in the options of the call, not among the settings`);
}

/** Returns the settings with what the provider gave to a client that it registered (RFC 7591 §3.2.1). */
export function withCredentials(
  settings: Settings,
  registered: { client_id: string; client_secret?: string; token_endpoint_auth_method?: string },
): Settings {
  const { client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: method } = registered;
  const kwargs = isRecord(settings.clientKwargs) ? settings.clientKwargs : {};
  const clientKwargs = { ...(method && { tokenEndpointAuthMethod: method }), ...kwargs };
  return { ...settings, clientId, clientSecret, clientKwargs };
}
