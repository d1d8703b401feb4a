import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { LoginStorage } from '../state/login-storage.js';
import type { ContractCase } from './token-store-contract.js';

/** A time to live, in seconds, that does not end during a case. */
const LONG_TTL = 600;
/** A time to live, in seconds, for whose end a case waits. */
const SHORT_TTL = 1;
/** How long a case waits until a value of {@link SHORT_TTL} expires. */
const TIMEOUT_MS = 5000;
/** Longer than {@link LONG_TTL} in milliseconds, to detect a storage that treats seconds as milliseconds. */
const UNIT_CHECK_MS = 700;
const CONCURRENT_CALLS = 20;

/** Values that a storage may convert to another type, and a value of the maximum length of a login. */
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
  'returns values unchanged, to the character': async (storage, id) => {
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

  'gives a value to only one of many calls at once': async (storage, id) => {
    await storage.set(id, 'value', LONG_TTL);
    const taken = await Promise.all(Array.from({ length: CONCURRENT_CALLS }, () => storage.take(id)));
    const found = taken.filter((value) => typeof value === 'string');
    assert.deepEqual(found, ['value'], `${found.length} of ${CONCURRENT_CALLS} calls received the value`);
  },

  'has a value until it is taken': async (storage, id) => {
    assert.equal(await storage.has(id), false);
    await storage.set(id, 'value', LONG_TTL);
    assert.equal(await storage.has(id), true);
    assert.equal(await storage.has(id), true, 'has() removed the value');
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
    await setTimeout(UNIT_CHECK_MS);
    assert.equal(await storage.has(id), true, `the value expired within ${UNIT_CHECK_MS} ms: ttlSeconds is in seconds`);
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

  'keeps ids apart, regardless of their characters': async (storage, id) => {
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
      assert.equal(
        await storage.take(one),
        `value of ${ids.indexOf(one)}`,
        `take() returned another value than that of ${one}`,
      );
      await assertNone(storage, one);
    }
  },
};

/**
 * Returns test cases, for any test runner, of what the library requires from a {@link LoginStorage}. Each case uses a random id,
 * so the cases may run on a storage in use.
 *
 * @param makeStorage returns the storage; called once for each case
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
  assert.equal(await storage.has(id), false, 'has() found a value that does not exist');
  assert.equal((await storage.take(id)) ?? undefined, undefined, 'take() found a value that does not exist');
}

async function assertExpires(storage: LoginStorage, id: string): Promise<void> {
  const until = performance.now() + TIMEOUT_MS;
  while (performance.now() < until) {
    if (!(await storage.has(id))) return;
    await setTimeout(50);
  }
  assert.fail(`a value still exists ${TIMEOUT_MS} ms after it was set for ${SHORT_TTL} s: ttlSeconds is in seconds`);
}
