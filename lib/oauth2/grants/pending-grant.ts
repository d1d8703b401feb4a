import type { Provider } from '../provider/provider.js';
import { pollForToken, pollingInterval, pollingLifetime } from './poll-for-token.js';
import { requestToken, type TokenGrant, type TokenRequest } from './token-request.js';

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
   * Waits until the user has answered, and gives the token. Call it once.
   * @param options.signal ends the waiting; what it is aborted with is thrown
   * @throws {OAuthError} `access_denied` when the user said no, `expired_token` when time is up
   */
  async wait({ signal }: { signal?: AbortSignal } = {}): Promise<TokenGrant> {
    const dpopKey = await this.#provider.dpopKeys.keyFor();
    const terms = { interval: this.interval, expiresAt: this.expiresAt.getTime(), signal };
    return pollForToken(() => this.#guard(() => requestToken(this.#provider, { ...this.#request, dpopKey })), terms);
  }
}
