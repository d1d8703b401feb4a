import { hkdfSync } from 'node:crypto';
import { nowInSeconds } from '../common/now-in-seconds.js';
import { BoundedMap } from '../common/bounded-map.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { randomText } from '../common/random-text.js';
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

/** Maximum duration of a login. */
const LIFETIME_S = 600;
/** Maximum number of used logins and states that a process remembers. */
const MAX_USED = 10_000;
/** Maximum number of login cookies in one browser. */
const MAX_COOKIES = 5;

/** The encrypted value. */
interface Entry<Login> {
  /** A random id, which identifies a used login. The encrypted string does not: it can be changed and still be decrypted. */
  id: string;
  /** Seconds since 1970. */
  exp: number;
  pending: Login;
}

/**
 * Keeps each pending login for 10 minutes, encrypted, and bound to its browser by a separate cookie. Requires no session, and
 * the logins of several tabs do not overwrite each other.
 *
 * Without a storage, the cookie contains the encrypted login. With a storage, the cookie contains a random secret, from which
 * the login's id in the storage and its encryption key are derived. Neither a stolen state nor a copy of the storage is then
 * sufficient to use a login, and a login can be taken only once among all processes.
 *
 * Without a storage, a login can be taken only once per process. Across processes, the only protection is that the provider
 * accepts an authorization code once (RFC 6749 §4.1.2).
 */
export class CookieStateStore<Login extends Pending> implements StateStore<Login> {
  readonly #storage?: LoginStorage;
  readonly #keys?: KeyRing<Entry<Login>>;
  readonly #used = new BoundedMap<true>(MAX_USED, LIFETIME_S * 1000);

  /** @throws {OAuthConfigError} when an encryption key is not valid */
  constructor(options: { storage: LoginStorage } | { encryptionKeys: string | readonly string[] }) {
    if ('storage' in options) this.#storage = options.storage;
    else this.#keys = new KeyRing(options.encryptionKeys);
  }

  /**
   * @throws {OAuthError} `cookie_too_large` when browsers would reject the cookie, or `response_sent` (status 500) when the
   * response was already sent
   */
  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void> {
    const context = contextOf(key, schemeOf({ secure: key.https }));
    const entry = { id: randomText(12), exp: nowInSeconds() + LIFETIME_S, pending };
    const value = this.#keys ? this.#keys.seal(entry, context) : await this.#store(key, entry, context);
    setLoginCookie(request, response, key, value, pending, { lifetime: LIFETIME_S, maxCookies: MAX_COOKIES });
  }

  /** @throws {MismatchingStateError} when this browser does not have a pending login with this key */
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

  /** Stores a login, encrypted with a key from a random secret. Returns the secret, which only the browser keeps. */
  async #store(key: PendingKey, entry: Entry<Login>, context: string[]): Promise<string> {
    const secret = randomText();
    await this.#storage?.set(pendingId(key, secret), keysFrom<Entry<Login>>(secret).seal(entry, context), LIFETIME_S);
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
    await this.#storage?.set(usedId(key), 'used', LIFETIME_S);
  }

  async #reasonWithout(request: OAuthRequest, key: PendingKey, cookie?: LoginCookie): Promise<MismatchingStateReason> {
    if (this.#used.get(usedId(key)) || (await this.#storage?.has(usedId(key)))) return 'used_state';
    if (cookie && cookie.since + LIFETIME_S < nowInSeconds()) return 'expired_state';
    return hasLoginCookies(request) ? 'unknown_state' : 'no_session';
  }
}

/** Returns the id of a pending login in the storage. It depends on the browser's secret. */
function pendingId(key: PendingKey, secret: string): string {
  return `pending:${digestOf(key, secret)}`;
}

/** Returns the id of the mark that a state was used. The mark distinguishes a reloaded callback from a forged one. */
function usedId(key: PendingKey): string {
  return `used:${digestOf(key)}`;
}

/** Returns the key of a login, derived from the browser's secret, so that the storage cannot decrypt its values. */
function keysFrom<Value>(secret: string): KeyRing<Value> {
  const key = hkdfSync('sha256', secret, '', 'nestjs-oauth-client pending login', 32);
  return new KeyRing(Buffer.from(key).toString('base64'));
}
