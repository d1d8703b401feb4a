import { sha256 } from '../common/sha256.js';
import type { PendingKey } from './state-store.js';
import type { Session } from './session.js';

const PREFIX = '_state_';
/** The key of the digests of the last used states. They distinguish a reloaded callback from a forged one. */
const USED = '_used_states';
/** Maximum number of used states that a session remembers. */
const MAX_USED = 5;

/** Returns the key of a pending login in the session. */
export function entryName({ provider, state }: PendingKey): string {
  return `${PREFIX}${provider}_${state}`;
}

/** Returns the keys of all pending logins and logouts. */
export function pendingNames(session: Session): string[] {
  return Object.keys(session).filter((name) => name.startsWith(PREFIX));
}

/** Returns the entries of a session that belong to this library: pending logins and used states. */
export function stateOf(session: Session): Session {
  return Object.fromEntries(Object.entries(session).filter(([name]) => isLibraryKey(name)));
}

/** Replaces the library's entries of a session with those of a copy. The copy of a memory store may be the same object. */
export function replaceState(session: Session, copy: Session): void {
  const state = stateOf(copy);
  for (const name of Object.keys(session)) if (isLibraryKey(name)) Reflect.deleteProperty(session, name);
  Object.assign(session, state);
}

/** Remembers that the login with this key was used. */
export function rememberUse(session: Session, name: string): void {
  session[USED] = [...usedStates(session), digest(name)].slice(-MAX_USED);
}

export function wasUsed(session: Session, name: string): boolean {
  return usedStates(session).includes(digest(name));
}

function isLibraryKey(name: string): boolean {
  return name.startsWith(PREFIX) || name === USED;
}

function usedStates(session: Session): string[] {
  const used: unknown[] = [session[USED] ?? []].flat();
  return used.filter((digest) => typeof digest === 'string');
}

function digest(name: string): string {
  return sha256(name).slice(0, 16);
}
