import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';
import type { PendingKey } from '../state/state-store.js';
import type { AuthorizeData, PendingLogin } from './login.js';
import type { PendingLogout } from './logout.js';
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
  async saveLogin(request: OAuthRequest, { state, requestToken, ...data }: AuthorizeData): Promise<void> {
    if (!state) {
      throw new OAuthError('invalid_state', {
        description: 'the state of a login is empty. Pass the one that createAuthorizationUrl() returned',
        status: 500,
      });
    }
    const secret = requestToken && { requestTokenSecret: requestToken.oauthTokenSecret };
    const login: PendingLogin = { provider: this.#name, ...data, ...secret };
    await this.#context.stateStore.save(request, this.#key('login', state, request, data.redirectUri), login);
  }

  /**
   * Takes a pending login out of the store, to finish it. Nothing that a callback says is looked at before its login is found.
   * @throws {MismatchingStateError} when this browser has no such login pending
   */
  async takeLogin(request: OAuthRequest, state: string): Promise<PendingLogin> {
    return this.#context.stateStore.take(request, this.#key('login', state, request));
  }

  async saveLogout(
    request: OAuthRequest,
    state: string,
    logout: Pick<PendingLogout, 'returnTo' | 'postLogoutRedirectUri'>,
  ): Promise<void> {
    const key = this.#key('logout', state, request, logout.postLogoutRedirectUri);
    const pending: PendingLogout = { kind: 'logout', provider: this.#name, ...logout };
    await this.#context.stateStore.save(request, key, pending);
  }

  /** @throws {MismatchingStateError} when this browser has no such logout pending */
  async takeLogout(request: OAuthRequest, state: string): Promise<PendingLogout> {
    return (await this.#context.stateStore.take(request, this.#key('logout', state, request))) as PendingLogout;
  }

  /** @param redirectUri where the provider sends the user back to, as far as it is known */
  #key(kind: PendingKey['kind'], state: string, { protocol = '' }: OAuthRequest, redirectUri?: string): PendingKey {
    const addresses = [redirectUri, this.#context.baseUrl].filter((url) => /^https?:/i.test(url ?? ''));
    const schemes = addresses.length > 0 ? addresses : [`${protocol}:`];
    return { kind, provider: this.#name, state, https: schemes.some((scheme) => /^https:/i.test(scheme ?? '')) };
  }
}
