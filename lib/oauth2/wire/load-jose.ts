import type * as Jose from 'jose';

let jose: typeof Jose | undefined;

/** Loads jose for the first signature or encryption of the process. Many clients need neither. */
export async function loadJose(): Promise<typeof Jose> {
  return (jose ??= await import('jose'));
}
