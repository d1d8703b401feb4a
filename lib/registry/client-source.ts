import type { CheckedClient } from '../config/client-config.js';
import type { RegisterOptions } from '../config/register-options.js';
import type { SettingsSources } from '../config/settings-sources.js';
import type { RemoteAppClass } from '../remote-app/app-class.js';
import type { ClientRegistration } from './client-registration.js';

/** The merged settings of a client before they are checked. */
export interface ClientSource extends Pick<CheckedClient, 'registeredAtRunTime' | 'isPublicOnly'> {
  /** With keys in either case. */
  readonly settings: object;
  readonly appClass?: RemoteAppClass;
}

/** Returns the settings of a client that is configured at start-up: in code, under the config key, and in the environment. */
export function configuredSource(
  name: string,
  { overwrite = false, appClass, ...config }: ClientRegistration,
  sources: SettingsSources,
): ClientSource {
  const code = appClass ? { ...appClass.settings, ...config } : config;
  return { settings: sources.settingsOf(name, code, overwrite), appClass, registeredAtRunTime: false };
}

/** Returns the settings of a client that is added at run time. Reads the application's settings only if the options say so. */
export function runTimeSource(
  name: string,
  { appClass, ...config }: ClientRegistration,
  { readSettings = false, overwrite = false }: RegisterOptions,
  sources: SettingsSources,
): ClientSource {
  const code = { ...appClass?.settings, ...config };
  const readsSources = readSettings || overwrite;
  const settings = readsSources ? sources.settingsOf(name, code, overwrite) : code;
  return { settings, appClass, registeredAtRunTime: true };
}
