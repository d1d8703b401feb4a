import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { PendingKey } from '../state/state-store.js';
import type { AuthorizeData, PendingLogin } from './login.js';
import type { RemoteAppContext } from './remote-app-context.js';

/** The logins and logouts of one client whose callbacks have not come yet, in the module's state store. */
export class PendingLogins {
  readonly #name: string;
  readonly #context: RemoteAppContext;

  constructor(name: string, context: RemoteAppContext) {
    this.#name = name;
    this.#context = context;
  }

  /** @throws {OAuthError} `invalid_state` for an empty state, which a callback without a state would match */
  async saveLogin(request: OAuthRequest, response: OAuthResponse, data: AuthorizeData): Promise<void> {
    const { url, state, redirectUri, returnTo, requestToken, dpopKey, ...checks } = data;
    if (!state) {
      throw new OAuthError('invalid_state', {
        description: 'the state of a login is empty. Pass the one that createAuthorizationUrl() returned',
        status: 500,
      });
    }
    const hasSecrets = requestToken !== undefined || dpopKey !== undefined;
    const secrets = hasSecrets ? { requestTokenSecret: requestToken?.oauthTokenSecret, dpopKey } : undefined;
    const login: PendingLogin = { kind: 'login', provider: this.#name, checks, redirectUri, returnTo, secrets };
    await this.#context.stateStore.save(request, response, this.#key('login', state, request, redirectUri), login);
  }

  async saveLogout(
    request: OAuthRequest,
    response: OAuthResponse,
    { state, ...addresses }: { state: string; redirectUri: string; returnTo?: string },
  ): Promise<void> {
    const logout: PendingLogin = { kind: 'logout', provider: this.#name, checks: {}, ...addresses };
    const key = this.#key('logout', state, request, addresses.redirectUri);
    await this.#context.stateStore.save(request, response, key, logout);
  }

  /**
   * Takes a pending login or logout out of the store, to finish it. Nothing that a callback says is looked at before its login
   * is found.
   * @throws {MismatchingStateError} when this browser has none pending with this state
   */
  async take(
    kind: PendingKey['kind'],
    request: OAuthRequest,
    response: OAuthResponse,
    state: string,
  ): Promise<PendingLogin> {
    return this.#context.stateStore.take(request, response, this.#key(kind, state, request));
  }

  /** @param redirectUri where the provider sends the user back to, as far as it is known */
  #key(kind: PendingKey['kind'], state: string, { protocol = '' }: OAuthRequest, redirectUri?: string): PendingKey {
    const addresses = [redirectUri, this.#context.baseUrl].filter((url) => /^https?:/i.test(url ?? ''));
    const schemes = addresses.length > 0 ? addresses : [`${protocol}:`];
    return { kind, provider: this.#name, state, https: schemes.some((scheme) => /^https:/i.test(scheme ?? '')) };
  }
}
