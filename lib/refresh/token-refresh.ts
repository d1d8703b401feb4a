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

/** The share of `refreshTimeout` after which the lock of a holder that died is free: callers that wait still get a token. */
const LEASE_SHARE = 0.8;
/** Time between two looks at a token that another process refreshes. */
const POLL_INTERVAL_MS = 20;
/** Time in which the API may have one token replaced: where it goes on refusing, the token is not to blame. */
const REJECTION_INTERVAL_MS = 60_000;
/** How many tokens that came to an end are remembered. */
const REMEMBERED = 1000;

/** Whether a token, read again, is what the caller was after. */
type IsGood = (kept: SlotToken) => boolean;

/**
 * Keeps the tokens of one client alive: one refresh for all who ask with the same token, in this process and in all others
 * that share the store. What the provider gave is not lost for as long as this process lives.
 */
export class TokenRefresh {
  readonly #options: RefreshOptions;
  readonly #reports: RefreshReports;
  readonly #fresh = new FreshTokens();
  readonly #underWay = new Map<string, Promise<OAuth2Token>>();
  readonly #revoked = new BoundedMap<TokenRevokedError>(REMEMBERED);
  readonly #rejected = new BoundedMap<true>(REMEMBERED, REJECTION_INTERVAL_MS);

  constructor(options: RefreshOptions) {
    this.#options = options;
    this.#reports = new RefreshReports(options.name, options.events);
  }

  /**
   * Returns the newest token of a slot that this process knows, without refreshing it.
   * @throws {MissingTokenError} when the slot of a user is empty; an empty slot of the client is filled
   */
  async current(slot: TokenSlot): Promise<SlotToken> {
    return (await this.#fresh.read(slot)) ?? { token: await this.usable(slot) };
  }

  /** Removes a token from its slot, if the slot can. Returns whether this call removed it. */
  remove(slot: TokenSlot, removed: SlotToken): Promise<boolean> {
    return this.#fresh.remove(slot, removed);
  }

  /**
   * Returns the token of a slot, refreshed if it is about to expire.
   * @throws {MissingTokenError} when the slot of a user is empty
   * @throws {TokenExpiredError} when it is expired and has no refresh token
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {ProviderError} when the provider fails, or has just failed
   * @throws {OAuthError} `refresh_timeout` (status 503) when that takes too long; nobody is signed out by it
   */
  async usable(slot: TokenSlot): Promise<OAuth2Token> {
    const kept = await this.#fresh.read(slot);
    if (!kept || this.#isDue(kept)) return this.#renewed(slot, kept, (latest) => !this.#isDue(latest));
    if (this.#isDueSoon(kept)) {
      this.#renewed(slot, kept, (latest) => !this.#isDueSoon(latest)).catch(() => undefined); // nobody waits for it
    }
    return kept.token;
  }

  /**
   * Returns another token for one that has not expired, but that the API refused; undefined where that would not help.
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {MissingTokenError} when the user's token was removed meanwhile
   */
  async replacement(slot: TokenSlot, refused: OAuth2Token): Promise<OAuth2Token | undefined> {
    const isAnother: IsGood = ({ token }) => token.accessToken !== refused.accessToken;
    const kept = await this.#fresh.read(slot);
    if (!kept) return this.#renewed(slot, undefined, isAnother);
    if (isAnother(kept)) return kept.token;
    const id = slot.idOf(kept.token);
    if (this.#rejected.get(id) && !this.#underWay.has(id)) return this.#savedElsewhere(slot, isAnother);
    this.#rejected.set(id, true);
    const token = await this.#renewed(slot, kept, isAnother);
    this.#rejected.set(slot.idOf(token), true); // the API's opinion of this one is not asked for a while
    return isAnother({ token }) ? token : undefined;
  }

  /** Waits until what is under way is done, and every token that could not be saved is saved or given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
    await this.#fresh.settled();
  }

  async #renewed(slot: TokenSlot, kept: SlotToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    try {
      return await inTime(this.#joinOrBegin(slot, kept, isGood), this.#options.refreshTimeout, () => this.#notInTime());
    } catch (error) {
      if (!kept || isExpired(kept.token) || error instanceof TokenRevokedError) throw error;
      return kept.token; // it still lives
    }
  }

  #joinOrBegin(slot: TokenSlot, kept: SlotToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    const refusal = this.#options.refusalFor(slot, kept);
    if (refusal) return Promise.reject(refusal);
    const id = slot.idOf(kept?.token);
    const underWay = this.#underWay.get(id);
    if (underWay) {
      this.#reports.joined();
      return underWay;
    }
    const renewal = this.#reports.span(() => this.#renew(slot, isGood)).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, renewal);
    return renewal;
  }

  /** Takes the lock, or sees the token that whoever holds it has saved. */
  async #renew(slot: TokenSlot, isGood: IsGood): Promise<OAuth2Token> {
    const { name, refreshTimeout } = this.#options;
    const giveUpAt = performance.now() + refreshTimeout * 1000;
    while (performance.now() < giveUpAt) {
      const lock = await RefreshLock.take(name, slot, Math.ceil(refreshTimeout * 1000 * LEASE_SHARE));
      const token = lock ? await this.#renewLocked(slot, isGood, lock) : await this.#savedElsewhere(slot, isGood);
      if (token) return token;
      await sleep(POLL_INTERVAL_MS * (0.5 + Math.random()));
    }
    throw this.#notInTime();
  }

  /** What somebody has saved by now. */
  async #savedElsewhere(slot: TokenSlot, isGood: IsGood): Promise<OAuth2Token | undefined> {
    const latest = await this.#fresh.read(slot);
    return latest && isGood(latest) ? latest.token : undefined;
  }

  /** Nothing, when the lock was lost before anything was done. */
  async #renewLocked(slot: TokenSlot, isGood: IsGood, lock: RefreshLock): Promise<OAuth2Token | undefined> {
    try {
      const latest = await this.#fresh.read(slot);
      if (latest && isGood(latest)) return latest.token;
      if (!lock.isHeld) return undefined;
      if (lock.interrupted) this.#reports.tookOver();
      return await this.#replace(slot, latest, lock);
    } finally {
      void lock.release(); // nobody waits for it
    }
  }

  async #replace(slot: TokenSlot, old: SlotToken | undefined, lock: RefreshLock): Promise<OAuth2Token> {
    let renewal: Renewal;
    try {
      renewal = await this.#fromProvider(slot, old);
    } catch (error) {
      return this.#insteadOf(slot, old, error);
    }
    const { token, fault } = renewal;
    this.#reports.refreshed();
    const latest = await this.#save(slot, token, old, lock);
    if (fault) throw fault;
    return latest;
  }

  /** Returns the token to use now: another one, if another was saved in the meantime. */
  async #save(
    slot: TokenSlot,
    token: OAuth2Token,
    old: SlotToken | undefined,
    lock: RefreshLock,
  ): Promise<OAuth2Token> {
    try {
      if (await this.#fresh.save(slot, token, old)) return token;
    } catch (error) {
      lock.keepUntil(this.#saveAgain(slot, token, old));
      await this.#reports.notify('onTokenUnsaved', slot, { token, error: asError(error) });
      return token;
    }
    const latest = await this.#fresh.read(slot);
    return latest?.token ?? token; // without a login, the API may still accept the token; see replacement()
  }

  async #saveAgain(slot: TokenSlot, token: OAuth2Token, old: SlotToken | undefined): Promise<void> {
    if (await this.#fresh.saveAgain(slot, token, old)) this.#reports.savedAtLast();
    else this.#reports.givenUp();
  }

  /** @throws {TokenRevokedError} without asking, when the provider has said so already */
  async #fromProvider(slot: TokenSlot, old: SlotToken | undefined): Promise<Renewal> {
    const revoked = this.#revoked.get(tokenId(slot, old).token);
    if (revoked) throw again(revoked);
    const refusal = this.#options.refusalFor(slot, old);
    if (refusal) throw refusal;
    return this.#options.renew(slot, old);
  }

  /** Notifies the application once that a login is over, unless another process was only faster. */
  async #insteadOf(slot: TokenSlot, old: SlotToken | undefined, error: unknown): Promise<OAuth2Token> {
    if (!old || !(error instanceof TokenRevokedError)) throw error;
    const latest = await this.#fresh.read(slot);
    if (latest && latest.token.accessToken !== old.token.accessToken) return latest.token;
    const id = tokenId(slot, old).token;
    this.#fresh.forget(slot, old.token, old);
    const isNews = !this.#revoked.get(id) && (await slot.remove(old));
    this.#revoked.set(id, error);
    if (isNews) {
      this.#reports.revoked(error);
      await this.#reports.notify('onTokenRevoked', slot, { token: old.token, error });
    }
    throw error;
  }

  #isDue({ token }: SlotToken): boolean {
    // one that lives shorter than the leeway is used for half its life
    return isExpired(token, Math.min(this.#options.leeway, (token.expiresIn ?? Infinity) / 2));
  }

  #isDueSoon(kept: SlotToken): boolean {
    const { refreshAhead } = this.#options;
    const { expiresIn } = kept.token;
    if (refreshAhead === undefined || expiresIn === undefined) return false;
    return isExpired(kept.token, expiresIn * (1 - refreshAhead));
  }

  #notInTime(): OAuthError {
    const { name, refreshTimeout } = this.#options;
    return new OAuthError('refresh_timeout', {
      description:
        `the token for "${name}" is being refreshed, and was not there within ${refreshTimeout} s (refresh_timeout): the ` +
        'provider is slow, or another process holds the lock. Try again',
      status: 503,
    });
  }
}

/** Returns the error of an earlier call once more, with a reference and a line in the log of its own. */
function again({ description, uri, providerStatus: status }: TokenRevokedError): TokenRevokedError {
  return new TokenRevokedError({ description, uri, answered: status === undefined ? undefined : { status } });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
