import type { CreateAxiosDefaults } from 'axios';
import type { StateStore } from '../state/state-store.js';
import type { ApplicationTokens } from '../token/application-tokens.js';
import type { PendingLogin } from './login.js';
import type { SiteAddress } from './site-address.js';

/** The options and stores of the module that every app uses. */
export interface RemoteAppContext extends SiteAddress {
  /** axios defaults of every client. */
  readonly http?: CreateAxiosDefaults;
  /** Whether error responses contain the description. */
  readonly exposeErrors?: boolean;
  /** Finds and saves the users' tokens. */
  readonly tokens: ApplicationTokens;
  /** Keeps pending logins and logouts. */
  readonly stateStore: StateStore<PendingLogin>;
}
