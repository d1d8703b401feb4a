import type { ClientSettings } from '../config/client-settings.js';
import type { Settings } from '../config/setting-keys.js';
import { OAuth1App } from './oauth1-app.js';
import { OAuth2App } from './oauth2-app.js';

/** A custom class for a client, with default settings for that client. */
export type RemoteAppClass = (typeof OAuth1App | typeof OAuth2App) & { readonly settings?: ClientSettings };

/** Returns a fault when the class does not extend the app class of the client's protocol. */
export function appClassFaults(name: string, { requestTokenUrl }: Settings, appClass: unknown): string[] {
  if (appClass === undefined || appClass === null) return [];
  const base = requestTokenUrl === undefined ? OAuth2App : OAuth1App;
  const fits = typeof appClass === 'function' && (appClass === base || appClass.prototype instanceof base);
  return fits ? [] : [`${name}.appClass: expected a class that extends ${base.name}`];
}
