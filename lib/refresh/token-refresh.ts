import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthError, TokenRevokedError } from '../errors/oauth.errors.js';
import { BoundedMap } from '../common/bounded-map.js';
import { isExpired, type OAuth2Token } from '../token/token.js';
import { FreshTokens } from './fresh-tokens.js';
import { inTime } from './in-time.js';
import { RefreshLock } from './refresh-lock.js';
import type { RefreshOptions, Renewal } from './refresh-options.js';
import { RefreshReports } from './refresh-reports.js';
import { tokenId, type SlotToken, type TokenSlot } from './token-slot.js';

/** The lease of a lock as a fraction of `refreshTimeout`. Below 1, so that callers can still refresh if the lock's holder died. */
const LEASE_SHARE = 0.8;
/** Interval between two reads of a token that another process refreshes. */
const POLL_INTERVAL_MS = 10;
/** An API that refuses tokens can cause one refresh per token in this time. If it keeps refusing, the cause is not the token. */
const REJECTION_INTERVAL_MS = 60_000;
/** Maximum number of revoked tokens, and of refused tokens, that are remembered. */
const MAX_REMEMBERED = 1000;

/** Returns whether a token can be used instead of a refresh. */
type IsGood = (kept: SlotToken) => boolean;

/**
 * Refreshes the tokens of one client. All callers with the same token share one refresh, in this process and in all processes
 * that share the store. A new token that could not be saved is kept in memory while this process runs.
 */
export class TokenRefresh {
  readonly #options: RefreshOptions;
  readonly #reports: RefreshReports;
  readonly #fresh = new FreshTokens();
  /** Refreshes that have not finished yet. */
  readonly #pending = new Map<string, Promise<OAuth2Token>>();
  readonly #revoked = new BoundedMap<TokenRevokedError>(MAX_REMEMBERED);
  readonly #rejected = new BoundedMap<true>(MAX_REMEMBERED, REJECTION_INTERVAL_MS);

  constructor(options: RefreshOptions) {
    this.#options = options;
    this.#reports = new RefreshReports(options.name, options.events);
  }

  /**
   * Returns the latest token of a slot without refreshing it. Requests a token if the slot of the client is empty.
   * @throws {MissingTokenError} when the slot of a user is empty
   */
  async current(slot: TokenSlot): Promise<SlotToken> {
    return (await this.#fresh.read(slot)) ?? { token: await this.usable(slot) };
  }

  /** Removes a token from its slot, if the slot supports removal. Returns whether this call removed the token. */
  remove(slot: TokenSlot, removed: SlotToken): Promise<boolean> {
    return this.#fresh.remove(slot, removed);
  }

  /**
   * Returns the token of a slot. Refreshes the token first if it is about to expire.
   * @throws {MissingTokenError} when the slot of a user is empty
   * @throws {TokenExpiredError} when the token is expired and has no refresh token
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {ProviderError} when the provider fails, or when refreshes are paused after a failure
   * @throws {OAuthError} `refresh_timeout` (status 503) when the refresh takes too long; the user stays signed in
   */
  async usable(slot: TokenSlot): Promise<OAuth2Token> {
    const kept = await this.#fresh.read(slot);
    if (!kept || this.#isDue(kept)) return this.#renewed(slot, kept, (latest) => !this.#isDue(latest));
    if (this.#isDueSoon(kept)) {
      this.#renewed(slot, kept, (latest) => !this.#isDueSoon(latest)).catch(() => undefined); // in the background
    }
    return kept.token;
  }

  /**
   * Returns another token for a token that the API refused before its expiry. Returns undefined if another token would not help.
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {MissingTokenError} when the user's token was removed in the meantime
   */
  async replacement(slot: TokenSlot, refused: OAuth2Token): Promise<OAuth2Token | undefined> {
    const isAnother: IsGood = ({ token }) => token.accessToken !== refused.accessToken;
    const kept = await this.#fresh.read(slot);
    if (!kept) return this.#renewed(slot, undefined, isAnother);
    if (isAnother(kept)) return kept.token;
    const id = slot.idOf(kept.token);
    if (this.#rejected.get(id) && !this.#pending.has(id)) return this.#savedElsewhere(slot, isAnother);
    this.#rejected.set(id, true);
    const token = await this.#renewed(slot, kept, isAnother);
    this.#rejected.set(slot.idOf(token), true); // so that a refusal of the new token does not cause another refresh
    return isAnother({ token }) ? token : undefined;
  }

  /** Waits until every refresh is finished, and every token is saved or given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.values());
    await this.#fresh.settled();
  }

  async #renewed(slot: TokenSlot, kept: SlotToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    try {
      return await inTime(this.#joinOrStart(slot, kept, isGood), this.#options.refreshTimeout, () => this.#timeout());
    } catch (error) {
      if (!kept || isExpired(kept.token) || error instanceof TokenRevokedError) throw error;
      return kept.token; // still valid
    }
  }

  #joinOrStart(slot: TokenSlot, kept: SlotToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    const refusal = this.#options.refusalFor(slot, kept);
    if (refusal) return Promise.reject(refusal);
    const id = slot.idOf(kept?.token);
    const pending = this.#pending.get(id);
    if (pending) {
      this.#reports.joined();
      return pending;
    }
    const renewal = this.#reports.span(() => this.#renew(slot, isGood)).finally(() => this.#pending.delete(id));
    this.#pending.set(id, renewal);
    return renewal;
  }

  /** Acquires the lock and refreshes the token, or waits for the token that the lock's holder saves. */
  async #renew(slot: TokenSlot, isGood: IsGood): Promise<OAuth2Token> {
    const { name, refreshTimeout } = this.#options;
    const giveUpAt = performance.now() + refreshTimeout * 1000;
    while (performance.now() < giveUpAt) {
      const lock = await RefreshLock.take(name, slot, Math.ceil(refreshTimeout * 1000 * LEASE_SHARE));
      const token = lock ? await this.#renewLocked(slot, isGood, lock) : await this.#savedElsewhere(slot, isGood);
      if (token) return token;
      await sleep(POLL_INTERVAL_MS * (0.5 + Math.random()));
    }
    throw this.#timeout();
  }

  /** Returns the stored token if another process has replaced it in the meantime. */
  async #savedElsewhere(slot: TokenSlot, isGood: IsGood): Promise<OAuth2Token | undefined> {
    const latest = await this.#fresh.read(slot);
    return latest && isGood(latest) ? latest.token : undefined;
  }

  /** Returns undefined when the lock was lost before the refresh. */
  async #renewLocked(slot: TokenSlot, isGood: IsGood, lock: RefreshLock): Promise<OAuth2Token | undefined> {
    try {
      const latest = await this.#fresh.read(slot);
      if (latest && isGood(latest)) return latest.token;
      if (!lock.isHeld) return undefined;
      if (lock.interrupted) this.#reports.tookOver();
      return await this.#replace(slot, latest, lock);
    } finally {
      void lock.release(); // in the background
    }
  }

  async #replace(slot: TokenSlot, old: SlotToken | undefined, lock: RefreshLock): Promise<OAuth2Token> {
    let renewal: Renewal;
    try {
      renewal = await this.#fromProvider(slot, old);
    } catch (error) {
      return this.#recover(slot, old, error);
    }
    const { token, fault } = renewal;
    this.#reports.refreshed();
    const latest = await this.#save(slot, token, old, lock);
    if (fault) throw fault;
    return latest;
  }

  /** Saves a new token. Returns the token to use, which is another token if another was saved in the meantime. */
  async #save(
    slot: TokenSlot,
    token: OAuth2Token,
    old: SlotToken | undefined,
    lock: RefreshLock,
  ): Promise<OAuth2Token> {
    try {
      if (await this.#fresh.save(slot, token, old)) return token;
    } catch (error) {
      lock.keepUntil(this.#retrySave(slot, token, old));
      await this.#reports.notify('onTokenUnsaved', slot, { token, error: asError(error) });
      return token;
    }
    const latest = await this.#fresh.read(slot);
    return latest?.token ?? token; // the stored token was removed, but the API may still accept the new token
  }

  async #retrySave(slot: TokenSlot, token: OAuth2Token, old: SlotToken | undefined): Promise<void> {
    if (await this.#fresh.retrySave(slot, token, old)) this.#reports.savedAfterRetry();
    else this.#reports.givenUp();
  }

  /** @throws {TokenRevokedError} without a request, when the provider has already refused the refresh token */
  async #fromProvider(slot: TokenSlot, old: SlotToken | undefined): Promise<Renewal> {
    const revoked = this.#revoked.get(tokenId(slot, old).token);
    if (revoked) throw copyOf(revoked);
    const refusal = this.#options.refusalFor(slot, old);
    if (refusal) throw refusal;
    return this.#options.renew(slot, old);
  }

  /**
   * Returns the latest token if another process has refreshed it. Otherwise, removes a revoked token, notifies the application
   * once, and throws the error.
   */
  async #recover(slot: TokenSlot, old: SlotToken | undefined, error: unknown): Promise<OAuth2Token> {
    if (!old || !(error instanceof TokenRevokedError)) throw error;
    const latest = await this.#fresh.read(slot);
    if (latest && latest.token.accessToken !== old.token.accessToken) return latest.token;
    const id = tokenId(slot, old).token;
    this.#fresh.forget(slot, old.token, old);
    const isFirst = !this.#revoked.get(id) && (await slot.remove(old));
    this.#revoked.set(id, error);
    if (isFirst) {
      this.#reports.revoked(error);
      await this.#reports.notify('onTokenRevoked', slot, { token: old.token, error });
    }
    throw error;
  }

  #isDue({ token }: SlotToken): boolean {
    // a token whose lifetime is shorter than twice the leeway is used for half of its lifetime
    return isExpired(token, Math.min(this.#options.leeway, (token.expiresIn ?? Infinity) / 2));
  }

  #isDueSoon(kept: SlotToken): boolean {
    const { refreshAhead } = this.#options;
    const { expiresIn } = kept.token;
    if (refreshAhead === undefined || expiresIn === undefined) return false;
    return isExpired(kept.token, expiresIn * (1 - refreshAhead));
  }

  #timeout(): OAuthError {
    const { name, refreshTimeout } = this.#options;
    return new OAuthError('refresh_timeout', {
      description:
        `the token for "${name}" is being refreshed, and was not there within ${refreshTimeout} s (refresh_timeout): the ` +
        'provider is slow, or another process holds the lock. Try again',
      status: 503,
    });
  }
}

/** Returns a copy of the error of an earlier call, with a new reference and a new log line. */
function copyOf({ description, uri, providerStatus: status }: TokenRevokedError): TokenRevokedError {
  return new TokenRevokedError({ description, uri, answered: status === undefined ? undefined : { status } });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
