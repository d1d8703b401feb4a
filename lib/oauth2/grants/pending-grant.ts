import type { JWK } from 'jose';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { Provider } from '../provider/provider.js';
import { pollForToken, pollingInterval, pollingLifetime } from './poll-for-token.js';
import { tokenRequest, type TokenGrant, type TokenRequest } from './token-request.js';

/** Codes for a login that the user ended (RFC 8628 §3.5, OpenID Connect CIBA §11), by the provider's code. */
const USER_REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'access_denied',
  expired_token: 'expired_token',
  authorization_declined: 'access_denied', // Entra ID
  code_expired: 'expired_token',
};

/** Runs a request, and handles its errors as the app handles the errors of its operations. */
export type Guard = <T>(run: () => Promise<T>) => Promise<T>;

/** A token request that the user must still approve on another device. */
export abstract class PendingGrant {
  /** When the request expires, within 24 hours. */
  readonly expiresAt: Date;
  /** Seconds between two polls of the token endpoint, from 1 to 300. */
  readonly interval: number;
  readonly #provider: Provider;
  readonly #guard: Guard;
  readonly #request: TokenRequest;

  /** @internal */
  protected constructor(
    provider: Provider,
    guard: Guard,
    request: TokenRequest,
    terms: { expires_in: unknown; interval?: unknown },
  ) {
    this.expiresAt = new Date(Date.now() + pollingLifetime(terms.expires_in) * 1000);
    this.interval = pollingInterval(terms.interval);
    this.#provider = provider;
    this.#guard = guard;
    this.#request = request;
  }

  /**
   * Waits for the user's decision, and returns the token. Call it once. After a temporary failure of the provider (no response, no
   * connection, 5xx, 429), polling continues until the request expires.
   * @param options.signal stops waiting; the reason of the signal is thrown
   * @throws {OAuthError} `access_denied` (status 403) when the user denied the request, `expired_token` (403) when it expired
   */
  async wait({ signal }: { signal?: AbortSignal } = {}): Promise<TokenGrant> {
    const dpopKey = await this.#provider.dpopKeys.keyFor();
    const terms = { interval: this.interval, expiresAt: this.expiresAt.getTime(), signal };
    try {
      const {
        fault,
        idTokenFault = fault,
        ...grant
      } = await pollForToken(() => this.#guard(() => this.#ask(dpopKey)), terms);
      if (idTokenFault) throw idTokenFault;
      return grant;
    } catch (error) {
      if (error instanceof OAuthError) return this.#guard(() => Promise.reject(error)); // such as `expired_token`
      throw error;
    }
  }

  async #ask(dpopKey: JWK | undefined): Promise<TokenGrant> {
    try {
      // `keepsToken`: the code is used up once there is a token, so a failed check must not start another poll
      return await tokenRequest(this.#provider, { ...this.#request, dpopKey, keepsToken: true });
    } catch (error) {
      throw error instanceof OAuthError && Object.hasOwn(USER_REFUSALS, error.error) ? refusedByUser(error) : error;
    }
  }
}

/** Returns the error of a login that the user ended, with status 403, because the provider is not at fault. */
function refusedByUser({ error, description, uri, providerStatus }: OAuthError): OAuthError {
  const answered = providerStatus === undefined ? undefined : { status: providerStatus };
  return new OAuthError(USER_REFUSALS[error] ?? error, { description, uri, status: 403, answered });
}
