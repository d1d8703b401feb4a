import { sha256 } from '../common/sha256.js';
import type { PendingKey } from './state-store.js';

/**
 * Returns the context of a pending login. A value that was encrypted for one context cannot be decrypted in another.
 * @param more additional parts of the context
 */
export function contextOf({ kind, provider, state }: PendingKey, ...more: string[]): string[] {
  return [kind, provider, state, ...more];
}

/** Returns a digest of the context, which does not reveal the state. */
export function digestOf(key: PendingKey, ...more: string[]): string {
  return sha256(JSON.stringify(contextOf(key, ...more)));
}
