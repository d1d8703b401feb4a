import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { PendingKey } from '../state/state-store.js';
import type { AuthorizeData, PendingLogin } from './login.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { isHttps, isOnHttps } from './site-address.js';

/** Saves the pending logins and logouts of one client in the module's state store, and takes them out for their callbacks. */
export class PendingLogins {
  readonly #name: string;
  readonly #context: RemoteAppContext;

  constructor(name: string, context: RemoteAppContext) {
    this.#name = name;
    this.#context = context;
  }

  /** @throws {OAuthError} `invalid_state` when the state is empty, because a callback without a state would match it */
  async saveLogin(request: OAuthRequest, response: OAuthResponse, data: AuthorizeData): Promise<void> {
    const { url, state, redirectUri, returnTo, requestToken, dpopKey, ...checks } = data;
    if (!state) {
      throw new OAuthError('invalid_state', {
        description: 'the state of a login is empty. Pass the state that createAuthorizationUrl() returned',
        status: 500,
      });
    }
    const hasSecrets = requestToken !== undefined || dpopKey !== undefined;
    const secrets = hasSecrets ? { requestTokenSecret: requestToken?.oauthTokenSecret, dpopKey } : undefined;
    const login: PendingLogin = { kind: 'login', provider: this.#name, checks, redirectUri, returnTo, secrets };
    const key = await this.#key('login', state, request, redirectUri);
    await this.#context.stateStore.save(request, response, key, login);
  }

  async saveLogout(
    request: OAuthRequest,
    response: OAuthResponse,
    { state, ...uris }: { state: string; redirectUri: string; returnTo?: string },
  ): Promise<void> {
    const logout: PendingLogin = { kind: 'logout', provider: this.#name, checks: {}, ...uris };
    const key = await this.#key('logout', state, request, uris.redirectUri);
    await this.#context.stateStore.save(request, response, key, logout);
  }

  /**
   * Removes a pending login or logout from the store, and returns it. Must be called before any other parameter of the
   * callback is used.
   * @throws {MismatchingStateError} when this browser does not have a pending login or logout with this state
   */
  async take(
    kind: PendingKey['kind'],
    request: OAuthRequest,
    response: OAuthResponse,
    state: string,
  ): Promise<PendingLogin> {
    return this.#context.stateStore.take(request, response, await this.#key(kind, state, request));
  }

  /** @param redirectUri the redirect URI, if it is known */
  async #key(
    kind: PendingKey['kind'],
    state: string,
    request: OAuthRequest,
    redirectUri?: string,
  ): Promise<PendingKey> {
    const uriOnHttps = isHttps(redirectUri);
    const https = uriOnHttps === true || ((await isOnHttps(request, this.#context)) ?? uriOnHttps);
    return { kind, provider: this.#name, state, https: https ?? isHttps(`${request.protocol}:`) === true };
  }
}
