import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { LoginStorage } from '../state/login-storage.js';
import type { ContractCase } from './token-store-contract.js';

/** Seconds that no case lasts. */
const LONG_TTL = 600;
/** Seconds that a case waits for. */
const SHORT_TTL = 1;
/** Milliseconds after which a value of {@link SHORT_TTL} is gone by any clock. */
const PATIENCE_MS = 5000;
/** Milliseconds, well over {@link LONG_TTL} if a storage takes its seconds for milliseconds. */
const UNITS_MS = 700;
const AT_ONCE = 20;

/** Values that a storage may take for something else than a string, and one as long as a login ever is. */
const VALUES = [
  '1',
  '007',
  '1e3',
  'null',
  'true',
  '""',
  '{"a":1}',
  'eyJ.-_~',
  randomBytes(12_288).toString('base64url'),
];

type Check = (storage: LoginStorage, id: string) => Promise<void>;

const CASES: Record<string, Check> = {
  'returns values as they were set, to the character': async (storage, id) => {
    for (const value of VALUES) {
      await storage.set(id, value, LONG_TTL);
      assert.equal(await storage.take(id), value);
    }
  },

  'takes a value once': async (storage, id) => {
    await storage.set(id, 'value', LONG_TTL);
    assert.equal(await storage.take(id), 'value');
    await assertNone(storage, id);
  },

  'gives a value to one of many calls at once': async (storage, id) => {
    await storage.set(id, 'value', LONG_TTL);
    const taken = await Promise.all(Array.from({ length: AT_ONCE }, () => storage.take(id)));
    const found = taken.filter((value) => typeof value === 'string');
    assert.deepEqual(found, ['value'], `${found.length} of ${AT_ONCE} calls received the value`);
  },

  'has a value until it is taken': async (storage, id) => {
    assert.equal(await storage.has(id), false);
    await storage.set(id, 'value', LONG_TTL);
    assert.equal(await storage.has(id), true);
    assert.equal(await storage.has(id), true, 'has() removes the value');
    await storage.take(id);
    assert.equal(await storage.has(id), false);
  },

  'replaces a value that is set again': async (storage, id) => {
    await storage.set(id, 'first', LONG_TTL);
    await storage.set(id, 'second', LONG_TTL);
    assert.equal(await storage.take(id), 'second');
    await assertNone(storage, id);
  },

  'keeps a value for as many seconds as ttlSeconds says': async (storage, id) => {
    await storage.set(id, 'value', LONG_TTL);
    await setTimeout(UNITS_MS);
    assert.equal(await storage.has(id), true, `gone within ${UNITS_MS} ms: ttlSeconds is in seconds`);
    assert.equal(await storage.take(id), 'value');
  },

  'drops a value when its seconds are over': async (storage, id) => {
    await storage.set(id, 'value', SHORT_TTL);
    await assertExpires(storage, id);
    await storage.set(id, 'value', SHORT_TTL);
    await setTimeout(SHORT_TTL * 1000 + 200);
    await assertNone(storage, id);
  },

  'counts the seconds again for a value that is set again': async (storage, id) => {
    await storage.set(id, 'first', SHORT_TTL);
    await storage.set(id, 'second', LONG_TTL);
    await setTimeout(SHORT_TTL * 1000 + 200);
    assert.equal(await storage.take(id), 'second');
  },

  'keeps ids apart, whatever characters they have': async (storage, id) => {
    const ids = [
      `${id}:a`,
      `${id}:A`,
      `${id}:a:`,
      `${id}:-`,
      `${id}:_`,
      `${id}:*`,
      `${id}:__proto__`,
      `${id}:${'x'.repeat(64)}`,
    ];
    for (const one of ids) await storage.set(one, `value of ${ids.indexOf(one)}`, LONG_TTL);
    await assertNone(storage, id);
    for (const one of ids) {
      assert.equal(await storage.take(one), `value of ${ids.indexOf(one)}`, `another value than that of ${one}`);
      await assertNone(storage, one);
    }
  },
};

/**
 * What the library relies on in a {@link LoginStorage}, as tests for any runner. Each case takes an id that nobody has, so that
 * it may run on a storage in use.
 *
 * @param makeStorage gives the storage, once for each case
 * @example
 * for (const { name, run } of loginStorageContract(() => storage)) it(name, run);
 */
export function loginStorageContract(makeStorage: () => LoginStorage | Promise<LoginStorage>): ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => check(await makeStorage(), `contract:${randomUUID()}`),
  }));
}

async function assertNone(storage: LoginStorage, id: string): Promise<void> {
  assert.equal(await storage.has(id), false, 'has() finds a value where there is none');
  assert.equal((await storage.take(id)) ?? undefined, undefined, 'take() finds a value where there is none');
}

async function assertExpires(storage: LoginStorage, id: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if (!(await storage.has(id))) return;
    await setTimeout(50);
  }
  assert.fail(`a value is there ${PATIENCE_MS} ms after it was set for ${SHORT_TTL} s: ttlSeconds is in seconds`);
}
