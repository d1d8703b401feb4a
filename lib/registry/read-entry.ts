import type { ClientOrigin } from '../config/client-config.js';
import type { Compliance } from '../config/compliance-fix.js';
import { readClient, type Faults } from '../config/read-client.js';
import { missedPreset, withPreset } from '../presets/preset-settings.js';
import { appClassFaults, type ClientEntry } from '../remote-app/app-class.js';
import type { ClientSource } from './client-source.js';

/** Returns a client with checked settings, those of its preset included, or the faults of the settings. */
export function readEntry(
  name: string,
  { settings: given, appClass, ...origins }: ClientSource,
  { allowInsecureHosts }: Pick<ClientOrigin, 'allowInsecureHosts'>,
  compliance?: Compliance,
): ClientEntry | Faults {
  const applied = withPreset(name, given);
  if ('faults' in applied) return applied;
  const { settings } = applied;
  const client = readClient({ name, ...origins, allowInsecureHosts }, settings, compliance);
  const wrongClass = appClassFaults(name, settings, appClass);
  const missed = origins.registeredAtRunTime ? [] : missedPreset(name, settings);
  if ('faults' in client) return { faults: [...client.faults, ...missed, ...wrongClass] };
  return wrongClass.length > 0 ? { faults: wrongClass } : { client, appClass };
}
