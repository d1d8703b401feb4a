import { randomBytes } from 'node:crypto';
import { nowInSeconds } from '../common/now-in-seconds.js';
import { BoundedMap } from '../common/bounded-map.js';
import { isRecord } from '../config/is-record.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { MismatchingStateError, OAuthConfigError } from '../errors/oauth.errors.js';
import { KeyRing } from '../sealing/key-ring.js';
import { loginCookie, removeLoginCookie, schemeOf, setLoginCookie, type LoginCookie } from './login-cookies.js';
import type { OAuthResponse } from './oauth-response.js';
import { contextOf, digestOf } from './pending-context.js';
import { entryName, pendingNames, rememberUse, wasUsed } from './session-entries.js';
import { saveSession, withSessionLock } from './session-lock.js';
import { isCookieSession, isNew, requireSession, setIn, type Session } from './session.js';
import type { Pending, PendingKey, StateStore } from './state-store.js';

/** Seconds that a login may take. */
const LIFETIME = 3600;
/** Pending logins that one session keeps; the oldest are removed first. */
const MAX_PENDING = 20;
/** The same for a session that is its cookie: a browser drops a cookie over 4 KiB. */
const MAX_PENDING_IN_COOKIE = 5;
/** The same for sealed logins, which are longer. */
const MAX_SEALED_IN_COOKIE = 3;
/** Logins in cookies that this process remembers as used. */
const MAX_USED = 10_000;

/** What a session keeps of one login. */
interface Entry {
  /** The login, or the login sealed where a browser could read its secrets. */
  data: unknown;
  /** Seconds since 1970. */
  exp: number;
  /** Digest of the login and of the random value in the login's own cookie. */
  binding: string;
}

/**
 * Keeps what is pending in the session, under `_state_{name}_{state}`, for an hour. Each login is also bound to a cookie of
 * its own: a session can be planted in a browser, with logins that another browser began, and then goes along into the new
 * session of the user who signs in. A session that is its cookie keeps logins with secrets sealed.
 */
export class SessionStateStore<Login extends Pending> implements StateStore<Login> {
  readonly #keys?: KeyRing<Login>;
  /** Logins that were finished. Only a session that is its cookie can bring one back. */
  readonly #used = new BoundedMap<true>(MAX_USED, LIFETIME * 1000);

  /** @throws {OAuthConfigError} for a key that is not one */
  constructor(encryptionKeys?: string | readonly string[]) {
    if (encryptionKeys !== undefined) this.#keys = new KeyRing(encryptionKeys);
  }

  /**
   * The session is saved before this returns: a browser that follows the redirect at once must find it.
   * @throws {OAuthError} `missing_session` (status 500) when there is no session, `session_error` when it cannot be saved
   * @throws {OAuthConfigError} when the browser could read a secret, and there are no keys to seal it with
   */
  async save(request: OAuthRequest, response: OAuthResponse, key: PendingKey, pending: Login): Promise<void> {
    const session = requireSession(request);
    const data = isCookieSession(session) && pending.secrets ? this.#seal(key, pending) : pending;
    const most = mostPending(request, session, data);
    const value = randomBytes(16).toString('base64url');
    setLoginCookie(request, response, key, value, pending, { lifetime: LIFETIME, most });
    await withSessionLock(request, session, async () => {
      removeSurplus(session, most - 1);
      const binding = bindingOf(key, { value, secure: key.https });
      setIn(session, entryName(key), { data, exp: nowInSeconds() + LIFETIME, binding } satisfies Entry);
      await saveSession(session);
    });
  }

  /** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
  async take(request: OAuthRequest, response: OAuthResponse, key: PendingKey): Promise<Login> {
    const session = requireSession(request);
    if (isNew(session)) throw new MismatchingStateError('no_session', key.kind);
    return withSessionLock(request, session, async () => {
      const name = entryName(key);
      const entry = entryOf(session, name);
      const pending = entry && (await this.#read(key, entry.data));
      const cookie = loginCookie(request, key);
      if (!pending) {
        if (wasUsed(session, name)) throw new MismatchingStateError('used_state', key.kind);
        // with a cookie and no entry, this browser began the login, and has another session now
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
        'request token, or the private key of DPoP. Give 32 random bytes in base64, as `openssl rand -base64 32` makes ' +
        "them, also for `state: 'cookie'`, which needs no session; or use a session with a store (express-session)",
    ]);
  }

  async #read(key: PendingKey, data: unknown): Promise<Login | undefined> {
    const pending = typeof data === 'string' ? await this.#keys?.open(data, contextOf(key)) : data;
    return this.#isFor(key, pending) ? pending : undefined;
  }

  /** The provider is compared too: `_state_a_b_c` is both the state `b_c` of `a` and the state `c` of `a_b`. */
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
  const entry = Object.hasOwn(session, name) ? session[name] : undefined;
  if (!isRecord(entry)) return undefined;
  const { data, exp, binding } = entry;
  return typeof exp === 'number' && typeof binding === 'string' ? { data, exp, binding } : undefined;
}

function bindingOf(key: PendingKey, cookie: Omit<LoginCookie, 'since'>): string {
  return digestOf(key, cookie.value, schemeOf(cookie));
}

/** How many logins a session keeps. One that saves itself without a store, as that of `iron-session`, is a cookie too. */
function mostPending(request: OAuthRequest, session: Session, data: unknown): number {
  const hasStore = !isCookieSession(session) && (request as { sessionStore?: unknown }).sessionStore !== undefined;
  if (hasStore) return MAX_PENDING;
  return typeof data === 'string' ? MAX_SEALED_IN_COOKIE : MAX_PENDING_IN_COOKIE;
}

/** Removes expired logins, and then the oldest until `most` are left. */
function removeSurplus(session: Session, most: number): void {
  const expiry = (name: string): number => entryOf(session, name)?.exp ?? 0;
  const oldestFirst = pendingNames(session).sort((a, b) => expiry(a) - expiry(b));
  const surplus = oldestFirst.length - most;
  oldestFirst.forEach((name, index) => {
    if (index < surplus || expiry(name) < nowInSeconds()) Reflect.deleteProperty(session, name);
  });
}
