import type { OAuthRequest } from '../oauth-request.js';
import { MismatchingStateError, OAuthConfigError } from '../oauth.errors.js';
import type { KeyRing } from '../sealing/key-ring.js';
import { placeOf } from './pending-place.js';
import { entryName, pendingNames, rememberUse, wasUsed } from './session-entries.js';
import { inTurn, saveSession } from './session-turns.js';
import { isCookieSession, isNew, requireSession, type Session } from './session.js';
import type { Pending, PendingKey, StateStore } from './state-store.js';

/** Seconds that a login may take. */
const LIFETIME = 3600;
/** Pending logins that one session keeps; the oldest go. */
const MAX_PENDING = 20;
/** The same for a session that is its cookie: a browser drops a cookie over 4 KiB. */
const MAX_PENDING_IN_COOKIE = 5;
/** The same for what is sealed, and longer by that. */
const MAX_SEALED_IN_COOKIE = 3;

/** Of what may be pending, what a browser should not read: of OAuth 1, and of DPoP. */
const SECRETS = ['requestTokenSecret', 'dpopKey'];

interface Entry {
  /** Sealed, where the browser could read a secret in it. */
  data: Pending | string;
  /** Seconds since 1970. */
  exp: number;
}

/**
 * Keeps what is pending in the session, under `_state_{name}_{state}`, for an hour. A session that is its cookie keeps
 * secrets sealed.
 */
export class SessionStateStore implements StateStore {
  readonly #keys?: KeyRing;

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
    await inTurn(request, session, async () => {
      makeRoom(session, mostBeside(session, data));
      session[entryName(key)] = { data, exp: nowInSeconds() + LIFETIME } satisfies Entry;
      await saveSession(session);
    });
  }

  /** @throws {OAuthError} `missing_session` (status 500) when there is no session middleware */
  async take(request: OAuthRequest, key: PendingKey): Promise<Pending> {
    const session = requireSession(request);
    if (isNew(session)) throw new MismatchingStateError('no_session', key.kind);
    return inTurn(request, session, async () => {
      const name = entryName(key);
      const { data, exp } = entryOf(session, name) ?? {};
      const pending = typeof data === 'string' ? await this.#open(key, data) : data;
      if (!pending || !isFor(key, pending)) {
        throw new MismatchingStateError(wasUsed(session, name) ? 'used_state' : 'unknown_state', key.kind);
      }
      Reflect.deleteProperty(session, name);
      rememberUse(session, name);
      await saveSession(session);
      if ((exp ?? 0) < nowInSeconds()) throw new MismatchingStateError('expired_state', key.kind);
      return pending;
    });
  }

  #seal(key: PendingKey, pending: Pending): string {
    if (this.#keys) return this.#keys.seal(pending, placeOf(key));
    throw new OAuthConfigError([
      'encryptionKeys: missing; the session is kept in a cookie, where the browser could read the secret of the OAuth 1 ' +
        'request token, or the private key of DPoP. Give 32 random bytes in base64, as `openssl rand -base64 32` makes ' +
        'them, or use a session with a store (express-session)',
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

/** How many may stay beside a new one. */
function mostBeside(session: Session, data: Entry['data']): number {
  if (!isCookieSession(session)) return MAX_PENDING - 1;
  return (typeof data === 'string' ? MAX_SEALED_IN_COOKIE : MAX_PENDING_IN_COOKIE) - 1;
}

/** Drops what is expired, and then the oldest, until no more are left. */
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
