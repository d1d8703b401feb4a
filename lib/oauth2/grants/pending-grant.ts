import type { JsonWebKey } from 'node:crypto';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { Provider } from '../provider/provider.js';
import { pollForToken, pollingInterval, pollingLifetime } from './poll-for-token.js';
import { tokenRequest, type TokenGrant, type TokenRequest } from './token-request.js';

/** Codes by which the polling ends because of the user (RFC 8628 §3.5, OpenID Connect CIBA §11), and other words for them. */
const USERS_ANSWERS: Readonly<Record<string, string>> = {
  access_denied: 'access_denied',
  expired_token: 'expired_token',
  authorization_declined: 'access_denied', // Entra ID
  code_expired: 'expired_token',
};

/** Runs a request whose errors all leave as those of the app's own operations do. */
export type Guard = <T>(run: () => Promise<T>) => Promise<T>;

/** A token that the user still has to approve on another device. */
export abstract class PendingGrant {
  /** When the user's time is up, within 24 hours. */
  readonly expiresAt: Date;
  /** Seconds between two questions to the provider, from 1 to 300. */
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
   * Waits until the user has answered, and returns the token. Call it once. A provider that fails for a while (no answer, no
   * connection, 5xx, 429) is asked again until the time is over.
   * @param options.signal ends the waiting; the reason of the signal is thrown
   * @throws {OAuthError} `access_denied` (status 403) when the user said no, `expired_token` (403) when the time is over
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
      if (error instanceof OAuthError) return this.#guard(() => Promise.reject(error)); // such as that time is up
      throw error;
    }
  }

  async #ask(dpopKey: JsonWebKey | undefined): Promise<TokenGrant> {
    try {
      // once there is a token, the code is used up: a check that fails, perhaps for a while, is not asked about again
      return await tokenRequest(this.#provider, { ...this.#request, dpopKey, keepsToken: true });
    } catch (error) {
      throw error instanceof OAuthError && Object.hasOwn(USERS_ANSWERS, error.error) ? refusedByUser(error) : error;
    }
  }
}

/** The error of a login that the user ended, which is not a fault of the provider. */
function refusedByUser({ error, description, uri, providerStatus }: OAuthError): OAuthError {
  const answered = providerStatus === undefined ? undefined : { status: providerStatus };
  return new OAuthError(USERS_ANSWERS[error] ?? error, { description, uri, status: 403, answered });
}
