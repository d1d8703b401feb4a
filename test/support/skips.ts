import { describe, it } from '@jest/globals';

type Declare<Block> = (name: string, block: Block, timeout?: number) => void;

/**
 * Returns `describe` if `isHere` is true, and in CI. Otherwise it returns a function that skips the tests and adds what
 * they need to the title, which is repeated at the end of the run.
 */
export function describeWhere(isHere: boolean, needs: string): Declare<() => void> {
  return runs(isHere) ? describe : (name, block) => describe.skip(titleOf(name, needs), block);
}

/** Returns `it` if `isHere` is true, and in CI. Otherwise it returns a function that skips the test. */
export function itWhere(isHere: boolean, needs: string): Declare<() => Promise<void> | void> {
  return runs(isHere) ? it : (name, block) => it.skip(titleOf(name, needs), block);
}

function runs(isHere: boolean): boolean {
  return isHere || process.env.CI !== undefined;
}

function titleOf(name: string, needs: string): string {
  return `${name} [needs ${needs}]`;
}
