import { randomBytes } from 'node:crypto';
import type { OAuthRequest } from '../oauth-request.js';
import { MismatchingStateError, OAuthConfigError } from '../oauth.errors.js';
import { BoundedMap } from '../bounded-map.js';
import type { KeyRing } from '../sealing/key-ring.js';
import { loginCookie, removeLoginCookie, schemeOf, setLoginCookie, type LoginCookie } from './login-cookies.js';
import { digestOf, placeOf } from './pending-place.js';
import { entryName, pendingNames, rememberUse, wasUsed } from './session-entries.js';
import { inTurn, saveSession } from './session-turns.js';
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

/** What a browser must not read of a pending login: secrets of OAuth 1 and of DPoP. */
const SECRETS = ['requestTokenSecret', 'dpopKey'];

interface Entry {
  /** Sealed, where the browser could read a secret in it. */
  data: Pending | string;
  /** Seconds since 1970. */
  exp: number;
  /** Digest of the login and of the random value in the login's own cookie. */
  binding: string;
}

/**
 * Keeps what is pending in the session, under `_state_{name}_{state}`, for an hour. Each login is also bound to a cookie of
 * its own: a session can be planted in a browser, with logins that another browser began, and then goes along into the new
 * session of the user who signs in. A session that is its cookie keeps secrets sealed.
 */
export class SessionStateStore implements StateStore {
  readonly #keys?: KeyRing;
  /** Logins that were finished. Only a session that is its cookie can bring one back. */
  readonly #used = new BoundedMap<true>(MAX_USED, LIFETIME * 1000);

  constructor(keys?: KeyRing) {
    this.#keys = keys;
  }

  /**
   * The session is saved before this returns: a browser that follows the redirect at once must find it.
   * @throws {OAuthError} `missing_session` (status 500) when there is no session, `session_error` when it cannot be saved
   * @throws {OAuthConfigError} when the browser could read a secret, and there are no keys to seal it with
   */
  async save(request: OAuthRequest, key: PendingKey, pending: Pending): Promise<void> {
    const session = requireSession(request);
    const data = isCookieSession(session) && holdsSecret(pending) ? this.#seal(key, pending) : pending;
    const most = mostPending(request, session, data);
    const value = randomBytes(16).toString('base64url');
    setLoginCookie(request, key, value, pending, { lifetime: LIFETIME, most });
    await inTurn(request, session, async () => {
      makeRoom(session, most - 1);
      const binding = bindingOf(key, { value, secure: key.https });
      setIn(session, entryName(key), { data, exp: nowInSeconds() + LIFETIME, binding } satisfies Entry);
      await saveSession(session);
    });
  }

  /** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    const session = requireSession(request);
    if (isNew(session)) throw new MismatchingStateError('no_session', key.kind);
    return inTurn(request, session, async () => {
      const name = entryName(key);
      const { data, exp, binding } = entryOf(session, name) ?? {};
      const pending = typeof data === 'string' ? await this.#open(key, data) : data;
      const cookie = loginCookie(request, key);
      if (!pending || binding === undefined || !isFor(key, pending)) {
        if (wasUsed(session, name)) throw new MismatchingStateError('used_state', key.kind);
        // this browser began the login, and has another session now
        const isLost = cookie !== undefined && data === undefined;
        throw new MismatchingStateError(isLost ? 'no_session' : 'unknown_state', key.kind);
      }
      if (!cookie) throw new MismatchingStateError('no_session', key.kind);
      if (bindingOf(key, cookie) !== binding) {
        throw new MismatchingStateError('unknown_state', key.kind);
      }
      removeLoginCookie(request, key, cookie);
      Reflect.deleteProperty(session, name);
      rememberUse(session, name);
      await saveSession(session);
      if (this.#used.get(binding)) throw new MismatchingStateError('used_state', key.kind);
      this.#used.set(binding, true);
      if ((exp ?? 0) < nowInSeconds()) throw new MismatchingStateError('expired_state', key.kind);
      return pending;
    });
  }

  #seal(key: PendingKey, pending: Pending): string {
    if (this.#keys) return this.#keys.seal(pending, placeOf(key));
    throw new OAuthConfigError([
      'encryptionKeys: missing; the session is kept in a cookie, where the browser could read the secret of the OAuth 1 ' +
        'request token, or the private key of DPoP. Give 32 random bytes in base64, as `openssl rand -base64 32` makes ' +
        "them, also for `state: 'cookie'`, which needs no session; or use a session with a store (express-session)",
    ]);
  }

  async #open(key: PendingKey, sealed: string): Promise<Pending | undefined> {
    return (await this.#keys?.open(sealed, placeOf(key))) as Pending | undefined;
  }
}

function entryOf(session: Session, name: string): Entry | undefined {
  return Object.hasOwn(session, name) ? (session[name] as Entry) : undefined;
}

/** The provider is compared too: `_state_a_b_c` is both the state `b_c` of `a` and the state `c` of `a_b`. */
function isFor(key: PendingKey, { kind = 'login', provider }: Pending): boolean {
  return provider === key.provider && kind === key.kind;
}

function bindingOf(key: PendingKey, cookie: Omit<LoginCookie, 'since'>): string {
  return digestOf(key, cookie.value, schemeOf(cookie));
}

/** How many logins a session keeps. One that saves itself without a store, as that of `iron-session`, is a cookie too. */
function mostPending(request: OAuthRequest, session: Session, data: Entry['data']): number {
  const hasStore = !isCookieSession(session) && (request as { sessionStore?: unknown }).sessionStore !== undefined;
  if (hasStore) return MAX_PENDING;
  return typeof data === 'string' ? MAX_SEALED_IN_COOKIE : MAX_PENDING_IN_COOKIE;
}

/** Removes expired logins, and then the oldest until `most` are left. */
function makeRoom(session: Session, most: number): void {
  const expiry = (name: string): number => entryOf(session, name)?.exp ?? 0;
  const oldestFirst = pendingNames(session).sort((a, b) => expiry(a) - expiry(b));
  const surplus = oldestFirst.length - most;
  oldestFirst.forEach((name, index) => {
    if (index < surplus || expiry(name) < nowInSeconds()) Reflect.deleteProperty(session, name);
  });
}

function holdsSecret(pending: object): boolean {
  return SECRETS.some((name) => (pending as Record<string, unknown>)[name] !== undefined);
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
