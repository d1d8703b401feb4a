import type { CheckedClient, ClientOrigin } from '../config/client-config.js';
import type { Compliance } from '../config/compliance-fix.js';
import { replacedClaimFaults } from '../config/issuer-faults.js';
import { arePlain } from '../config/plain-settings.js';
import { readClient, type Faults } from '../config/read-client.js';
import { normalizeKeys, type Settings } from '../config/setting-keys.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { hasCredentialsOnly } from '../presets/credentials-only.js';
import { missedPreset, withPreset } from '../presets/preset-settings.js';
import { appClassFaults, type ClientEntry } from '../remote-app/app-class.js';
import type { ClientSource } from './client-source.js';
import { copyOfSettings } from './settings-copy.js';

/** Returns a client with checked settings, those of its preset included, or the faults of the settings. */
export function readEntry(
  name: string,
  source: ClientSource,
  { allowInsecureHosts }: Pick<ClientOrigin, 'allowInsecureHosts'>,
  compliance?: Compliance,
): ClientEntry | Faults {
  const { settings, appClass, registeredAtRunTime } = source;
  if (!registeredAtRunTime && appClass === undefined && (arePlain(settings) || hasCredentialsOnly(name, settings))) {
    const kept = { ...source, settings: copyOfSettings(settings as Settings) }; // the application may change its objects until then
    return new UncheckedEntry(() => checkedEntry(name, kept, { allowInsecureHosts }));
  }
  return checkedEntry(name, source, { allowInsecureHosts }, compliance);
}

/** A client whose settings are known to be valid. They are parsed when the client is used. */
class UncheckedEntry implements ClientEntry {
  readonly #read: () => ClientEntry | Faults;

  constructor(read: () => ClientEntry | Faults) {
    this.#read = read;
  }

  get client(): CheckedClient {
    const entry = this.#read();
    if ('faults' in entry) throw new OAuthConfigError(entry.faults);
    return entry.client;
  }
}

function checkedEntry(
  name: string,
  { settings: source, appClass, ...origins }: ClientSource,
  { allowInsecureHosts }: Pick<ClientOrigin, 'allowInsecureHosts'>,
  compliance?: Compliance,
): ClientEntry | Faults {
  const given = normalizeKeys(source);
  const applied = withPreset(name, given);
  if ('faults' in applied) return applied;
  const { settings } = applied;
  const client = readClient({ name, ...origins, allowInsecureHosts }, settings, compliance);
  const refused = [
    ...appClassFaults(name, settings, appClass),
    ...(origins.registeredAtRunTime ? replacedClaimFaults(name, settings, given) : []),
  ];
  const missed = origins.registeredAtRunTime ? [] : missedPreset(name, settings);
  if ('faults' in client) return { faults: [...client.faults, ...missed, ...refused] };
  return refused.length > 0 ? { faults: refused } : { client, appClass };
}
