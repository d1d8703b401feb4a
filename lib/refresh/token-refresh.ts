import { setTimeout as sleep } from 'node:timers/promises';
import { thrownText } from '../error-text.js';
import { OAuthError, TokenRevokedError } from '../oauth.errors.js';
import { errorFields, logEvent } from '../observability/log.js';
import { count, traced, type Attributes } from '../observability/telemetry.js';
import { BoundedMap } from '../bounded-map.js';
import { isExpired, type OAuth2Token } from '../token/token.js';
import { secretsOfToken } from './ask-store.js';
import { FreshTokens } from './fresh-tokens.js';
import { inTime } from './in-time.js';
import { RefreshLock } from './refresh-lock.js';
import type { RefreshOptions, Renewal, TokenId } from './refresh-options.js';
import type { KeptToken, TokenPlace } from './token-place.js';

/** Of the time that callers wait, the part after which the lock of a holder that died is free: they still get a token. */
const LEASE = 0.8;
/** Milliseconds between two looks at a token that another process refreshes. */
const LOOK_AGAIN = 20;
/** Milliseconds in which the API may have one token replaced: where it goes on refusing, the token is not to blame. */
const BETWEEN_REJECTIONS = 60_000;
/** How many tokens that came to an end are remembered. */
const REMEMBERED = 1000;

/** Whether a token, read again, is what the caller was after. */
type IsGood = (kept: KeptToken) => boolean;

/**
 * Keeps the tokens of one client alive: one refresh for all who ask with the same token, in this process and in all others
 * that share the store. What the provider gave is not lost for as long as this process lives.
 */
export class TokenRefresh {
  readonly #options: RefreshOptions;
  readonly #fresh = new FreshTokens();
  readonly #underWay = new Map<string, Promise<OAuth2Token>>();
  readonly #revoked = new BoundedMap<TokenRevokedError>(REMEMBERED);
  readonly #rejected = new BoundedMap<true>(REMEMBERED, BETWEEN_REJECTIONS);

  constructor(options: RefreshOptions) {
    this.#options = options;
  }

  /**
   * The token of a place, refreshed if need be.
   * @throws {MissingTokenError} where there is none
   * @throws {TokenExpiredError} when it is over, and has no refresh token
   * @throws {TokenRevokedError} when the provider no longer accepts the refresh token
   * @throws {ProviderError} when the provider fails, or has just failed
   * @throws {OAuthError} `refresh_timeout` (status 503) when that takes too long; nobody is signed out by it
   */
  async usable(place: TokenPlace): Promise<OAuth2Token> {
    const kept = await this.#fresh.read(place);
    if (!kept || this.#isDue(kept)) return this.#renewed(place, kept, (latest) => !this.#isDue(latest));
    if (this.#isDueSoon(kept)) {
      this.#renewed(place, kept, (latest) => !this.#isDueSoon(latest)).catch(() => undefined); // nobody waits for it
    }
    return kept.token;
  }

  /**
   * Another token for one that should live, but that the API has refused; nothing, where that would not help.
   * @throws {TokenRevokedError} when the login turns out to be over
   */
  async replacement(place: TokenPlace, refused: OAuth2Token): Promise<OAuth2Token | undefined> {
    const isAnother: IsGood = ({ token }) => token.accessToken !== refused.accessToken;
    const kept = await this.#fresh.read(place);
    if (!kept || isAnother(kept)) return kept?.token;
    const id = place.idOf(kept);
    if (this.#rejected.get(id) && !this.#underWay.has(id)) return this.#savedElsewhere(place, isAnother);
    this.#rejected.set(id, true);
    const token = await this.#renewed(place, kept, isAnother);
    this.#rejected.set(place.idOf({ token }), true); // the API's opinion of this one is not asked for a while
    return isAnother({ token }) ? token : undefined;
  }

  /** Waits until what is under way is done, and every token that could not be saved is saved or given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
    await this.#fresh.settled();
  }

  async #renewed(place: TokenPlace, kept: KeptToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    try {
      return await inTime(this.#joinOrBegin(place, kept, isGood), this.#options.refreshTimeout, () =>
        this.#notInTime(),
      );
    } catch (error) {
      if (!kept || isExpired(kept.token) || error instanceof TokenRevokedError) throw error;
      return kept.token; // it still lives
    }
  }

  #joinOrBegin(place: TokenPlace, kept: KeptToken | undefined, isGood: IsGood): Promise<OAuth2Token> {
    const refusal = this.#options.refusalFor(kept?.token, tokenId(place, kept));
    if (refusal) return Promise.reject(refusal);
    const id = place.idOf(kept);
    const underWay = this.#underWay.get(id);
    if (underWay) {
      count('oauth.client.refresh.joins', this.#attributes);
      return underWay;
    }
    const renewal = traced('oauth.refresh', this.#attributes, () => this.#renew(place, isGood));
    this.#underWay.set(id, renewal);
    renewal.catch((error: unknown) => this.#logFailure(error)).finally(() => this.#underWay.delete(id));
    return renewal;
  }

  /** Takes the lock, or sees the token that whoever holds it has saved. */
  async #renew(place: TokenPlace, isGood: IsGood): Promise<OAuth2Token> {
    const giveUpAt = performance.now() + this.#options.refreshTimeout * 1000;
    while (performance.now() < giveUpAt) {
      const lock = await RefreshLock.take(place, Math.ceil(this.#options.refreshTimeout * 1000 * LEASE));
      const token = lock ? await this.#renewLocked(place, isGood, lock) : await this.#savedElsewhere(place, isGood);
      if (token) return token;
      await sleep(LOOK_AGAIN * (0.5 + Math.random()));
    }
    throw this.#notInTime();
  }

  /** What somebody has saved by now. */
  async #savedElsewhere(place: TokenPlace, isGood: IsGood): Promise<OAuth2Token | undefined> {
    const latest = await this.#fresh.read(place);
    return latest && isGood(latest) ? latest.token : undefined;
  }

  /** Nothing, when the lock was lost before anything was done. */
  async #renewLocked(place: TokenPlace, isGood: IsGood, lock: RefreshLock): Promise<OAuth2Token | undefined> {
    try {
      const latest = await this.#fresh.read(place);
      if (latest && isGood(latest)) return latest.token;
      if (!lock.isHeld) return undefined;
      if (lock.interrupted) logEvent('warn', 'took over an unfinished refresh', { client: this.#options.name });
      return await this.#replace(place, latest, lock);
    } finally {
      void lock.release(); // nobody waits for it
    }
  }

  async #replace(place: TokenPlace, old: KeptToken | undefined, lock: RefreshLock): Promise<OAuth2Token> {
    let renewal: Renewal;
    try {
      renewal = await this.#fromProvider(place, old);
    } catch (error) {
      return this.#insteadOf(place, old, error);
    }
    const { token, fault } = renewal;
    count('oauth.client.refreshes', this.#attributes);
    logEvent('debug', 'token refreshed', { client: this.#options.name });
    const latest = await this.#save(place, token, old, lock);
    if (fault) throw fault;
    return latest;
  }

  /** Returns the token to use now: another one, if another was saved in the meantime. */
  async #save(
    place: TokenPlace,
    token: OAuth2Token,
    old: KeptToken | undefined,
    lock: RefreshLock,
  ): Promise<OAuth2Token> {
    try {
      if (await this.#fresh.save(place, token, old)) return token;
    } catch (error) {
      lock.keepUntil(this.#saveAgain(place, token, old));
      await this.#tell('onTokenUnsaved', { ...place.owner, token, error: asError(error) });
      return token;
    }
    return (await this.#fresh.read(place))?.token ?? token;
  }

  async #saveAgain(place: TokenPlace, token: OAuth2Token, old: KeptToken | undefined): Promise<void> {
    const { name: client } = this.#options;
    if (await this.#fresh.saveAgain(place, token, old)) logEvent('log', 'token saved at last', { client });
    else logEvent('error', 'token given up', { client });
  }

  /** @throws {TokenRevokedError} without asking, when the provider has said so already */
  async #fromProvider(place: TokenPlace, old: KeptToken | undefined): Promise<Renewal> {
    const id = tokenId(place, old);
    const revoked = this.#revoked.get(id.token);
    if (revoked) throw again(revoked);
    const refusal = this.#options.refusalFor(old?.token, id);
    if (refusal) throw refusal;
    return this.#options.renew(old?.token, id);
  }

  /** Notifies the application once that a login is over, unless another process was only faster. */
  async #insteadOf(place: TokenPlace, old: KeptToken | undefined, error: unknown): Promise<OAuth2Token> {
    if (!old || !(error instanceof TokenRevokedError)) throw error;
    const latest = await this.#fresh.read(place);
    if (latest && latest.token.accessToken !== old.token.accessToken) return latest.token;
    const id = tokenId(place, old).token;
    this.#fresh.forget(place, old.token, old);
    const isNews = !this.#revoked.get(id) && (await place.remove(old));
    this.#revoked.set(id, error);
    if (isNews) error.log({ event: 'token revoked', client: this.#options.name, step: 'refresh' });
    if (isNews) await this.#tell('onTokenRevoked', { ...place.owner, token: old.token, error });
    throw error;
  }

  /** What the application does with it is no reason to fail. */
  async #tell<Event extends keyof RefreshOptions['events']>(
    event: Event,
    told: Parameters<NonNullable<RefreshOptions['events'][Event]>>[0],
  ): Promise<void> {
    try {
      await this.#options.events[event]?.(told);
    } catch (error) {
      const detail = thrownText(error, secretsOfToken(told.token));
      logEvent('error', `${event} threw`, { client: this.#options.name, ...errorFields(error), detail });
    }
  }

  /** Logs a failure once, however many calls wait for the refresh. A user who must sign in again is a failure of the call. */
  #logFailure(error: unknown): void {
    const client = this.#options.name;
    if (!(error instanceof OAuthError)) logEvent('warn', 'refresh failed', { client, ...errorFields(error) });
    else if (error.getStatus() !== 401) error.log({ event: 'refresh failed', client, step: 'refresh' }, 'warn');
  }

  get #attributes(): Attributes {
    return { 'oauth.client.name': this.#options.name };
  }

  #isDue({ token }: KeptToken): boolean {
    // one that lives shorter than the leeway is used for half its life
    return isExpired(token, Math.min(this.#options.leeway, (token.expiresIn ?? Infinity) / 2));
  }

  #isDueSoon(kept: KeptToken): boolean {
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

/** Tells a token from the one of a new login. */
function tokenId(place: TokenPlace, kept: KeptToken | undefined): TokenId {
  const owner = place.idOf(kept);
  return { owner, token: `${owner} ${kept?.version ?? ''}` };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
