import { createHash } from 'node:crypto';
import type { PendingKey } from './state-store.js';

/** Where a pending login lies: what is sealed for one place, or named by it, is of no use in another. */
export function placeOf({ kind, provider, state }: PendingKey): string[] {
  return [kind, provider, state];
}

/** A name for that place which does not tell it. @param more whatever else it depends on */
export function digestOf(key: PendingKey, ...more: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([...placeOf(key), ...more]))
    .digest('base64url');
}
