import { randomBytes } from 'node:crypto';
import type { OAuthRequest } from '../oauth-request.js';
import { MismatchingStateError } from '../oauth.errors.js';
import { BoundedMap } from '../bounded-map.js';
import type { KeyRing } from '../sealing/key-ring.js';
import {
  COOKIE_LIFETIME,
  hasLoginCookies,
  loginCookie,
  removeLoginCookie,
  schemeOf,
  setLoginCookie,
} from './login-cookies.js';
import { digestOf, placeOf } from './pending-place.js';
import type { Pending, PendingKey, StateStore } from './state-store.js';

/** Used cookies and states that are remembered. */
const MAX_USED = 10_000;
const LIMITS = { lifetime: COOKIE_LIFETIME, most: 5 };

/** What lies sealed in a cookie. */
interface Sealed {
  /** Of this cookie alone: other text may open as the same. */
  id: string;
  /** Seconds since 1970. */
  exp: number;
  pending: Pending;
}

/**
 * Keeps every pending login in a cookie of its own, sealed, for 10 minutes: it needs no session, nothing on the server,
 * and no tab overwrites another's. One process refuses a cookie that it has seen used; beyond it, that the provider takes
 * a code once is what is left (RFC 6749 §4.1.2).
 */
export class CookieStateStore implements StateStore {
  readonly #keys: KeyRing;
  readonly #used = new BoundedMap<true>(MAX_USED, COOKIE_LIFETIME * 1000);

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** @throws {OAuthError} `cookie_too_large` when no browser would keep it; see also {@link responseOf} */
  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown must be a rejection
  async save(request: OAuthRequest, key: PendingKey, pending: Pending): Promise<void> {
    const sealed: Sealed = {
      id: randomBytes(12).toString('base64url'),
      exp: Math.floor(Date.now() / 1000) + COOKIE_LIFETIME,
      pending,
    };
    setLoginCookie(
      request,
      key,
      this.#keys.seal(sealed, placeOf(key, schemeOf({ secure: key.https }))),
      pending,
      LIMITS,
    );
  }

  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    const cookie = loginCookie(request, key);
    const opened =
      cookie && ((await this.#keys.open(cookie.value, placeOf(key, schemeOf(cookie)))) as Sealed | undefined);
    if (!opened) throw new MismatchingStateError(this.#reasonWithout(request, key), key.kind);
    removeLoginCookie(request, key, cookie);
    if (this.#used.get(opened.id)) throw new MismatchingStateError('used_state', key.kind);
    this.#used.set(opened.id, true);
    this.#used.set(digestOf(key), true);
    if (opened.exp < Date.now() / 1000) throw new MismatchingStateError('expired_state', key.kind);
    return opened.pending;
  }

  #reasonWithout(request: OAuthRequest, key: PendingKey): 'used_state' | 'unknown_state' | 'no_session' {
    if (this.#used.get(digestOf(key))) return 'used_state';
    return hasLoginCookies(request) ? 'unknown_state' : 'no_session';
  }
}
