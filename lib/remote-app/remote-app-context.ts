import type { CreateAxiosDefaults } from 'axios';
import type { StateStore } from '../state/state-store.js';
import type { ApplicationTokens } from '../token/application-tokens.js';
import type { PendingLogin } from './login.js';
import type { SiteAddress } from './redirect-uri.js';

/** What the module gives to every app. */
export interface RemoteAppContext extends SiteAddress {
  /** axios defaults. */
  readonly http?: CreateAxiosDefaults;
  /** Whether clients that are registered at run time reach public addresses only. */
  readonly blockPrivateNetworks?: boolean;
  /** Whether browsers see the descriptions of errors. */
  readonly exposeErrors?: boolean;
  /** Where the users' tokens are. */
  readonly tokens: ApplicationTokens;
  /** Where pending logins and logouts are. */
  readonly stateStore: StateStore<PendingLogin>;
}
