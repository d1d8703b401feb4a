import { hkdfSync, randomBytes } from 'node:crypto';
import type { OAuthRequest } from '../oauth-request.js';
import { thrownText } from '../error-text.js';
import { MismatchingStateError, OAuthError, type MismatchingStateReason } from '../oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import {
  COOKIE_LIFETIME,
  hasLoginCookies,
  loginCookie,
  removeLoginCookie,
  schemeOf,
  setLoginCookie,
} from '../state/login-cookies.js';
import { digestOf, placeOf } from '../state/pending-place.js';
import type { Pending, PendingKey, StateStore } from '../state/state-store.js';
import { commandsOf, type RedisClient, type SendCommand } from './redis-client.js';

const LIMITS = { lifetime: COOKIE_LIFETIME, most: 5 };

/** How a {@link RedisStateStore} is set up. */
export interface RedisStateStoreOptions {
  /**
   * What its keys in Redis begin with.
   * @default 'oauth:'
   */
  prefix?: string;
}

/**
 * Keeps pending logins in Redis (6.2 or newer) for 10 minutes. Each is found, and opened, by a random value that only the
 * browser has, in a cookie: neither a stolen state nor a copy of the database is of use, and a login can be taken once
 * among all processes.
 *
 * @example
 * OAuthClientModule.forRoot({ state: new RedisStateStore(client) })
 */
export class RedisStateStore implements StateStore {
  readonly #send: SendCommand;
  readonly #prefix: string;

  /** @throws {OAuthConfigError} when it is no client of the package `redis` or `ioredis` */
  constructor(client: RedisClient, { prefix = 'oauth:' }: RedisStateStoreOptions = {}) {
    this.#send = commandsOf(client);
    this.#prefix = prefix;
  }

  /** @throws {OAuthError} `state_store_error` (status 500) when Redis fails */
  async save(request: OAuthRequest, key: PendingKey, pending: Pending): Promise<void> {
    const secret = randomBytes(32).toString('base64url');
    const sealed = keysOf(secret).seal(pending, placeOf(key, schemeOf({ secure: key.https })));
    await this.#ask('SET', this.#entry(key, secret), sealed, 'EX', String(COOKIE_LIFETIME));
    setLoginCookie(request, key, secret, pending, LIMITS);
  }

  /** @throws {OAuthError} `state_store_error` (status 500) when Redis fails */
  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    const cookie = loginCookie(request, key);
    const sealed = cookie && (await this.#ask('GETDEL', this.#entry(key, cookie.value)));
    if (!cookie || typeof sealed !== 'string') {
      throw new MismatchingStateError(await this.#reasonWithout(request, key), key.kind);
    }
    removeLoginCookie(request, key, cookie);
    await this.#ask('SET', this.#usedMark(key), '', 'EX', String(COOKIE_LIFETIME));
    const pending = await keysOf(cookie.value).open(sealed, placeOf(key, schemeOf(cookie)));
    if (!pending) throw new MismatchingStateError('unknown_state', key.kind);
    return pending as Pending;
  }

  async #reasonWithout(request: OAuthRequest, key: PendingKey): Promise<MismatchingStateReason> {
    if ((await this.#ask('GET', this.#usedMark(key))) !== null) return 'used_state';
    const cookie = loginCookie(request, key);
    if (cookie) return cookie.since + COOKIE_LIFETIME < Date.now() / 1000 ? 'expired_state' : 'unknown_state';
    return hasLoginCookies(request) ? 'unknown_state' : 'no_session';
  }

  /** Of no use without the browser's secret. */
  #entry(key: PendingKey, secret: string): string {
    return `${this.#prefix}pending:${digestOf(key, secret)}`;
  }

  /** Tells a reload from a forgery. */
  #usedMark(key: PendingKey): string {
    return `${this.#prefix}used:${digestOf(key)}`;
  }

  async #ask(command: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#send(command, ...args);
    } catch (cause) {
      throw new OAuthError('state_store_error', {
        description: 'Redis failed, so the pending login could not be kept or found; see its cause',
        detail: thrownText(cause, args),
        status: 500,
        cause,
      });
    }
  }
}

/** Redis does not hold the key to its entry: the browser does. */
function keysOf(secret: string): KeyRing {
  const key = hkdfSync('sha256', secret, '', 'nestjs-oauth-client pending login', 32);
  return new KeyRing(Buffer.from(key).toString('base64'));
}
