import { clientConfig, type CheckedClient, type ClientConfig } from '../config/client-config.js';
import type { ClientSettings } from '../config/client-settings.js';
import type { Settings } from '../config/setting-keys.js';
import { OAuth1App } from './oauth1-app.js';
import { OAuth2App } from './oauth2-app.js';
import type { RemoteAppContext } from './remote-app-context.js';
import type { RemoteApp } from './remote-app.js';

/** A custom class for a client, with default settings for that client. */
export type RemoteAppClass = (typeof OAuth1App | typeof OAuth2App) & { readonly settings?: ClientSettings };

/** A client whose settings are valid, and whose class fits its protocol. */
export interface ClientEntry {
  readonly client: CheckedClient;
  readonly appClass?: RemoteAppClass;
}

/** Returns a fault when the class does not extend the app class of the client's protocol. */
export function appClassFaults(name: string, { requestTokenUrl }: Settings, appClass: unknown): string[] {
  if (appClass === undefined || appClass === null) return [];
  const base = requestTokenUrl === undefined ? OAuth2App : OAuth1App;
  const fits = typeof appClass === 'function' && (appClass === base || appClass.prototype instanceof base);
  return fits ? [] : [`${name}.appClass: expected a class that extends ${base.name}`];
}

/** Builds the app of a client. */
export function buildApp({ client, appClass }: ClientEntry, context: RemoteAppContext): RemoteApp {
  const config = clientConfig(client);
  const usedClass = appClass ?? (config.protocol === 'OAuth 1' ? OAuth1App : OAuth2App);
  return new (usedClass as new (...args: [ClientConfig, RemoteAppContext]) => RemoteApp)(config, context);
}
