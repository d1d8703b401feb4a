import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import type { LoginStorage } from 'nestjs-oauth-client/stores';
import { loginStorageContract } from 'nestjs-oauth-client/testing';
import { MemoryLoginStorage } from '../support/memory-login-storage.js';

describe('a login storage in memory', () => {
  for (const { name, run } of loginStorageContract(() => new MemoryLoginStorage())) it(name, run);
});

class ReadsBeforeItDeletes extends MemoryLoginStorage {
  override async take(id: string) {
    const value = this.peek(id);
    await setImmediate();
    await super.take(id);
    return value;
  }
}

class NeverDeletes extends MemoryLoginStorage {
  override async take(id: string) {
    return this.peek(id);
  }
}

class TreatsSecondsAsMilliseconds extends MemoryLoginStorage {
  override set(id: string, value: string, ttlSeconds: number) {
    return super.set(id, value, ttlSeconds / 1000);
  }
}

class NeverExpires extends MemoryLoginStorage {
  override set(id: string, value: string) {
    return super.set(id, value, 1e9);
  }
}

class KeepsTheFirstExpiry extends MemoryLoginStorage {
  readonly #first = new Map<string, number>();

  override set(id: string, value: string, ttlSeconds: number) {
    if (!this.#first.has(id)) this.#first.set(id, ttlSeconds);
    return super.set(id, value, this.#first.get(id)!);
  }
}

class KeepsTheFirstValue extends MemoryLoginStorage {
  override async set(id: string, value: string, ttlSeconds: number) {
    if (!(await this.has(id))) await super.set(id, value, ttlSeconds);
  }
}

class ConvertsNumbers extends MemoryLoginStorage {
  override async take(id: string) {
    const value = await super.take(id);
    return value !== undefined && /^\d+$/.test(value) ? String(Number(value)) : value;
  }
}

class TakesInHas extends MemoryLoginStorage {
  override async has(id: string) {
    return (await this.take(id)) !== undefined;
  }
}

/** A storage like a database whose text columns ignore case. */
class IgnoresCase extends MemoryLoginStorage {
  override set(id: string, value: string, ttlSeconds: number) {
    return super.set(id.toLowerCase(), value, ttlSeconds);
  }
  override take(id: string) {
    return super.take(id.toLowerCase());
  }
  override has(id: string) {
    return super.has(id.toLowerCase());
  }
}

describe('the contract of login storages', () => {
  it.each<[string, LoginStorage, RegExp]>([
    ['reads before it deletes', new ReadsBeforeItDeletes(), /one of many calls at once/],
    ['never deletes', new NeverDeletes(), /takes a value once/],
    ['treats seconds as milliseconds', new TreatsSecondsAsMilliseconds(), /as many seconds as ttlSeconds says/],
    ['never expires', new NeverExpires(), /drops a value when its seconds are over/],
    ['keeps the first expiry', new KeepsTheFirstExpiry(), /counts the seconds again/],
    ['keeps the first value', new KeepsTheFirstValue(), /replaces a value/],
    ['converts numbers', new ConvertsNumbers(), /to the character/],
    ['takes a value in has()', new TakesInHas(), /until it is taken/],
    ['ignores case', new IgnoresCase(), /keeps ids apart/],
  ])(
    'fails a storage that %s',
    async (_, storage, expected) => {
      const cases = loginStorageContract(() => storage).filter(({ name }) => expected.test(name));
      expect(cases).toHaveLength(1);
      await expect(cases[0]!.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
    },
    10_000,
  );
});
