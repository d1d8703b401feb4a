import type { TokenStore } from '../token/token-store.js';
import { KEY_CASES } from './contract/key-cases.js';
import { LOCK_CASES } from './contract/lock-cases.js';
import { SAVE_CASES } from './contract/save-cases.js';
import { TOKEN_CASES } from './contract/token-cases.js';

/** One thing that a store must do. */
export interface ContractCase {
  /** A sentence, for the test's name. */
  name: string;
  /** @throws {AssertionError} when the store does not do it */
  run(): Promise<void>;
}

/**
 * What the library relies on in a {@link TokenStore}, as tests for any runner. Each case takes users that nobody has, and
 * removes what it saved, so that it may run on a store in use. Those of the lock pass where the store has none.
 *
 * @param makeStore gives the store, once for each case
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
