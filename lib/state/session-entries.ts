import { sha256 } from '../common/sha256.js';
import type { PendingKey } from './state-store.js';
import type { Session } from './session.js';

const PREFIX = '_state_';
/** Under this key lie digests of the last states that were used, to distinguish a reload from a forgery. */
const USED = '_used_states';
/** Used states that are remembered. */
const MAX_USED = 5;

/** The key in the session under which a login waits. */
export function entryName({ provider, state }: PendingKey): string {
  return `${PREFIX}${provider}_${state}`;
}

/** Keys of all that is pending. */
export function pendingNames(session: Session): string[] {
  return Object.keys(session).filter((name) => name.startsWith(PREFIX));
}

/** All that a session keeps of logins, pending and used. */
export function stateOf(session: Session): Session {
  return Object.fromEntries(Object.entries(session).filter(([name]) => isOfLogins(name)));
}

/** Replaces it with what another copy of the session keeps; a store in memory may give the very same object. */
export function replaceState(session: Session, copy: Session): void {
  const state = stateOf(copy);
  for (const name of Object.keys(session)) if (isOfLogins(name)) Reflect.deleteProperty(session, name);
  Object.assign(session, state);
}

/** Remembers that what waited here is used. */
export function rememberUse(session: Session, name: string): void {
  session[USED] = [...usedStates(session), digest(name)].slice(-MAX_USED);
}

export function wasUsed(session: Session, name: string): boolean {
  return usedStates(session).includes(digest(name));
}

function isOfLogins(name: string): boolean {
  return name.startsWith(PREFIX) || name === USED;
}

function usedStates(session: Session): string[] {
  const used: unknown[] = [session[USED] ?? []].flat();
  return used.filter((digest) => typeof digest === 'string');
}

function digest(name: string): string {
  return sha256(name).slice(0, 16);
}
