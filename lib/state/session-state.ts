import { ownField } from '../common/own-field.js';
import { fieldsOf } from '../common/fields-of.js';
import { nowInSeconds } from '../common/now-in-seconds.js';
import { BoundedMap } from '../common/bounded-map.js';
import { isRecord } from '../config/is-record.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { randomText } from '../common/random-text.js';
import { MismatchingStateError, OAuthConfigError } from '../errors/oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import { loginCookie, removeLoginCookie, schemeOf, setLoginCookie, type LoginCookie } from './login-cookies.js';
import type { OAuthResponse } from './oauth-response.js';
import { contextOf, digestOf } from './pending-context.js';
import { entryName, pendingNames, rememberUse, wasUsed } from './session-entries.js';
import { saveSession, withSessionLock } from './session-lock.js';
import { isCookieSession, isNew, requireSession, setIn, type Session } from './session.js';
import type { Pending, PendingKey, StateStore } from './state-store.js';

/** Maximum duration of a login. */
const LIFETIME_S = 3600;
/** Maximum number of pending logins in one session. The oldest are removed first. */
const MAX_PENDING = 20;
/** Maximum number of pending logins in a cookie session, because browsers reject a cookie over 4 KiB. */
const MAX_PENDING_IN_COOKIE = 5;
/** Maximum number of encrypted pending logins in a cookie session. Encrypted logins are longer. */
const MAX_ENCRYPTED_IN_COOKIE = 3;
/** Maximum number of used logins that a process remembers. */
const MAX_USED = 10_000;

/** The entry of one login in a session. */
interface Entry {
  /** The login. A string if the login is encrypted. */
  data: unknown;
  /** Seconds since 1970. */
  exp: number;
  /** A digest of the login's key and of the random value in the login cookie. */
  binding: string;
}

/**
 * Keeps pending logins in the session, under `_state_{name}_{state}`, for an hour. Each login is also bound to a separate cookie:
 * an attacker can plant a session with pending logins of another browser, and `regenerateSession()` would keep these logins. In
 * a cookie session, logins with secrets are encrypted.
 */
export class SessionStateStore<Login extends Pending> implements StateStore<Login> {
  readonly #keys?: KeyRing<Login>;
  /** Used logins. They are remembered because a browser can send an old cookie session again. */
  readonly #used = new BoundedMap<true>(MAX_USED, LIFETIME_S * 1000);

  /** @throws {OAuthConfigError} when an encryption key is not valid */
  constructor(encryptionKeys?: string | readonly string[]) {
    if (encryptionKeys !== undefined) this.#keys = new KeyRing(encryptionKeys);
  }

  /**
   * Saves a pending login. Waits until the session is saved, because the browser may follow the redirect immediately.
   * @throws {OAuthError} `missing_session` (status 500) when the request has no session, or `session_error` (status 500) when the
   * session cannot be saved
   * @throws {OAuthConfigError} when the login has secrets, the session is a cookie session, and `encryptionKeys` is missing
   */
  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void> {
    const session = requireSession(request);
    const data = isCookieSession(session) && pending.secrets ? this.#seal(key, pending) : pending;
    const maxPending = maxPendingIn(request, session, data);
    const value = randomText(16);
    setLoginCookie(request, response, key, value, pending, { lifetime: LIFETIME_S, maxCookies: maxPending });
    await withSessionLock(request, session, async () => {
      removeSurplus(session, maxPending - 1);
      const binding = bindingOf(key, { value, secure: key.https });
      setIn(session, entryName(key), { data, exp: nowInSeconds() + LIFETIME_S, binding } satisfies Entry);
      await saveSession(session);
    });
  }

  /**
   * @throws {MismatchingStateError} when this browser does not have a pending login with this key
   * @throws {OAuthError} `missing_session` (status 500) when the request has no session
   */
  async take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<Login> {
    const session = requireSession(request);
    if (isNew(session)) throw new MismatchingStateError('no_session', key.kind);
    return withSessionLock(request, session, async () => {
      const name = entryName(key);
      const entry = entryOf(session, name);
      const pending = entry && this.#read(key, entry.data);
      const cookie = loginCookie(request, key);
      if (!pending) {
        if (wasUsed(session, name)) throw new MismatchingStateError('used_state', key.kind);
        // a login cookie without an entry: this browser started the login, but has another session now
        throw new MismatchingStateError(cookie && !entry ? 'no_session' : 'unknown_state', key.kind);
      }
      if (!cookie) throw new MismatchingStateError('no_session', key.kind);
      if (bindingOf(key, cookie) !== entry.binding) throw new MismatchingStateError('unknown_state', key.kind);
      removeLoginCookie(response, key, cookie);
      Reflect.deleteProperty(session, name);
      rememberUse(session, name);
      await saveSession(session);
      if (this.#used.get(entry.binding)) throw new MismatchingStateError('used_state', key.kind);
      this.#used.set(entry.binding, true);
      if (entry.exp < nowInSeconds()) throw new MismatchingStateError('expired_state', key.kind);
      return pending;
    });
  }

  #seal(key: PendingKey, pending: Login): string {
    if (this.#keys) return this.#keys.seal(pending, contextOf(key));
    throw new OAuthConfigError([
      'encryptionKeys: missing; the session is kept in a cookie, where the browser could read the secret of the OAuth 1 ' +
        'request token, or the private key of DPoP. Set encryptionKeys to 32 random bytes in base64: create them with ' +
        "`openssl rand -base64 32`. The alternatives are `state: 'cookie'`, which requires encryptionKeys but no session, and a " +
        'session with a store (express-session)',
    ]);
  }

  #read(key: PendingKey, data: unknown): Login | undefined {
    const pending = typeof data === 'string' ? this.#keys?.open(data, contextOf(key)) : data;
    return this.#isFor(key, pending) ? pending : undefined;
  }

  /** Compares the provider too, because `_state_a_b_c` is the entry of the state `b_c` of `a` and of the state `c` of `a_b`. */
  #isFor(key: PendingKey, value: unknown): value is Login {
    return (
      isRecord(value) &&
      value.kind === key.kind &&
      value.provider === key.provider &&
      isRecord(value.checks) &&
      ['string', 'undefined'].includes(typeof value.redirectUri) &&
      ['string', 'undefined'].includes(typeof value.returnTo) &&
      (value.secrets === undefined || isRecord(value.secrets))
    );
  }
}

function entryOf(session: Session, name: string): Entry | undefined {
  const entry = ownField(session, name);
  if (!isRecord(entry)) return undefined;
  const { data, exp, binding } = entry;
  return typeof exp === 'number' && typeof binding === 'string' ? { data, exp, binding } : undefined;
}

function bindingOf(key: PendingKey, cookie: Omit<LoginCookie, 'since'>): string {
  return digestOf(key, cookie.value, schemeOf(cookie));
}

/** Returns the maximum number of pending logins. A session with `save()` but without a store (`iron-session`) is a cookie too. */
function maxPendingIn(request: OAuthRequest, session: Session, data: unknown): number {
  const hasStore = !isCookieSession(session) && fieldsOf(request).sessionStore !== undefined;
  if (hasStore) return MAX_PENDING;
  return typeof data === 'string' ? MAX_ENCRYPTED_IN_COOKIE : MAX_PENDING_IN_COOKIE;
}

/** Removes expired logins, and the oldest logins that exceed `max`. */
function removeSurplus(session: Session, max: number): void {
  const expiry = (name: string): number => entryOf(session, name)?.exp ?? 0;
  const oldestFirst = pendingNames(session).sort((a, b) => expiry(a) - expiry(b));
  const surplus = oldestFirst.length - max;
  oldestFirst.forEach((name, index) => {
    if (index < surplus || expiry(name) < nowInSeconds()) Reflect.deleteProperty(session, name);
  });
}
