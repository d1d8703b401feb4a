import { hkdfSync, randomBytes } from 'node:crypto';
import { nowInSeconds } from '../common/now-in-seconds.js';
import { BoundedMap } from '../common/bounded-map.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { MismatchingStateError, type MismatchingStateReason } from '../errors/oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import {
  hasLoginCookies,
  loginCookie,
  removeLoginCookie,
  schemeOf,
  setLoginCookie,
  type LoginCookie,
} from './login-cookies.js';
import type { LoginStorage } from './login-storage.js';
import type { OAuthResponse } from './oauth-response.js';
import { contextOf, digestOf } from './pending-context.js';
import type { Pending, PendingKey, StateStore } from './state-store.js';

/** Seconds that a login may take. */
const LIFETIME = 600;
/** Used logins and states that a process remembers. */
const MAX_USED = 10_000;
/** Login cookies that one browser keeps. */
const MAX_COOKIES = 5;

/** What is sealed. */
interface Entry<Login> {
  /** Of this login alone: the text of a sealed value can be changed and still open. */
  id: string;
  /** Seconds since 1970. */
  exp: number;
  pending: Login;
}

/**
 * Keeps each pending login for 10 minutes, sealed and bound to its browser by a cookie of its own: it needs no session, and no
 * tab overwrites another's.
 *
 * Without a storage, the cookie is the sealed login. With a storage, the cookie is a random secret, by which the login is found
 * and opened: neither a stolen state nor a copy of the storage is of use, and a login can be taken once among all processes.
 *
 * One process never takes a login twice. Beyond that process and an atomic storage, that the provider takes a code once is what
 * is left (RFC 6749 §4.1.2).
 */
export class CookieStateStore<Login extends Pending> implements StateStore<Login> {
  readonly #storage?: LoginStorage;
  readonly #keys?: KeyRing<Entry<Login>>;
  readonly #used = new BoundedMap<true>(MAX_USED, LIFETIME * 1000);

  /** @throws {OAuthConfigError} for a key that is not one */
  constructor(keeping: { storage: LoginStorage } | { encryptionKeys: string | readonly string[] }) {
    if ('storage' in keeping) this.#storage = keeping.storage;
    else this.#keys = new KeyRing(keeping.encryptionKeys);
  }

  /** @throws {OAuthError} `cookie_too_large` when no browser would keep the cookie; `response_sent` (status 500) */
  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void> {
    const context = contextOf(key, schemeOf({ secure: key.https }));
    const entry = { id: randomText(12), exp: nowInSeconds() + LIFETIME, pending };
    const value = this.#keys ? this.#keys.seal(entry, context) : await this.#store(key, entry, context);
    setLoginCookie(request, response, key, value, pending, { lifetime: LIFETIME, most: MAX_COOKIES });
  }

  /** @throws {MismatchingStateError} when this browser has no such login pending */
  async take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<Login> {
    const cookie = loginCookie(request, key);
    const entry = cookie && (await this.#find(key, cookie));
    if (!entry) throw new MismatchingStateError(await this.#reasonWithout(request, key, cookie), key.kind);
    removeLoginCookie(response, key, cookie);
    if (this.#used.get(entry.id)) throw new MismatchingStateError('used_state', key.kind);
    this.#used.set(entry.id, true);
    await this.#markUsed(key);
    if (entry.exp < nowInSeconds()) throw new MismatchingStateError('expired_state', key.kind);
    return entry.pending;
  }

  /** Seals a login with a secret that only the browser will have, and returns that secret. */
  async #store(key: PendingKey, entry: Entry<Login>, context: string[]): Promise<string> {
    const secret = randomText(32);
    await this.#storage?.set(pendingId(key, secret), keysFrom<Entry<Login>>(secret).seal(entry, context), LIFETIME);
    return secret;
  }

  async #find(key: PendingKey, cookie: LoginCookie): Promise<Entry<Login> | undefined> {
    const context = contextOf(key, schemeOf(cookie));
    if (this.#keys) return this.#keys.open(cookie.value, context);
    const sealed = await this.#storage?.take(pendingId(key, cookie.value));
    return typeof sealed === 'string' ? keysFrom<Entry<Login>>(cookie.value).open(sealed, context) : undefined;
  }

  async #markUsed(key: PendingKey): Promise<void> {
    this.#used.set(usedId(key), true);
    await this.#storage?.set(usedId(key), 'used', LIFETIME);
  }

  async #reasonWithout(request: OAuthRequest, key: PendingKey, cookie?: LoginCookie): Promise<MismatchingStateReason> {
    if (this.#used.get(usedId(key)) || (await this.#storage?.has(usedId(key)))) return 'used_state';
    if (cookie && cookie.since + LIFETIME < nowInSeconds()) return 'expired_state';
    return hasLoginCookies(request) ? 'unknown_state' : 'no_session';
  }
}

/** The id of a login in the storage: of no use without the browser's secret. */
function pendingId(key: PendingKey, secret: string): string {
  return `pending:${digestOf(key, secret)}`;
}

/** The id of the mark that tells a reload from a forgery. */
function usedId(key: PendingKey): string {
  return `used:${digestOf(key)}`;
}

/** The storage does not hold the key to what it keeps: the browser does. */
function keysFrom<Value>(secret: string): KeyRing<Value> {
  const key = hkdfSync('sha256', secret, '', 'nestjs-oauth-client pending login', 32);
  return new KeyRing(Buffer.from(key).toString('base64'));
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
