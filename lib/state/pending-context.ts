import { sha256 } from '../common/sha256.js';
import type { PendingKey } from './state-store.js';

/** The context of a pending login: what is sealed for one context does not open in another. @param more what else it depends on */
export function contextOf({ kind, provider, state }: PendingKey, ...more: string[]): string[] {
  return [kind, provider, state, ...more];
}

/** A name for that context which does not reveal it. */
export function digestOf(key: PendingKey, ...more: string[]): string {
  return sha256(JSON.stringify(contextOf(key, ...more)));
}
