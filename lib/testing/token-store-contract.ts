import type { TokenStore } from '../token/token-store.js';
import { KEY_CASES } from './contract/key-cases.js';
import { LOCK_CASES } from './contract/lock-cases.js';
import { SAVE_CASES } from './contract/save-cases.js';
import { TOKEN_CASES } from './contract/token-cases.js';

/** A test case for one requirement of a store. */
export interface ContractCase {
  /** The title of the test. */
  name: string;
  /** @throws {AssertionError} when the store does not meet the requirement */
  run(): Promise<void>;
}

/**
 * Returns test cases, for any test runner, of what the library requires from a {@link TokenStore}. Each case uses random users,
 * and removes their tokens afterwards, so the cases may run on a store in use. The cases of `lock()` pass if the store has none.
 *
 * @param makeStore returns the store; called once for each case
 * @example
 * for (const { name, run } of tokenStoreContract(() => store)) it(name, run);
 */
export function tokenStoreContract(makeStore: () => TokenStore | Promise<TokenStore>): ContractCase[] {
  const cases = { ...KEY_CASES, ...TOKEN_CASES, ...SAVE_CASES, ...LOCK_CASES };
  return Object.entries(cases).map(([name, check]) => ({
    name,
    run: async () => check(await makeStore()),
  }));
}
