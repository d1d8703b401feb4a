import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { OAuthConfigError } from 'nestjs-oauth-client';
import { KeyRing } from '../../lib/sealing/key-ring.js';

const OLD = randomBytes(32).toString('base64');
const NEW = randomBytes(32).toString('base64url');
const PLACE = ['token', 'google', 'ada'];
const VALUE = { token: 's3cret', nested: [1, null, 'ü'] };

describe('a key ring', () => {
  it('opens a value that it sealed and encrypted', async () => {
    const ring = new KeyRing(OLD);
    const sealed = ring.seal(VALUE, PLACE);
    expect(await ring.open(sealed, PLACE)).toEqual(VALUE);
    const parts = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(JSON.parse(parts[0]!)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: expect.any(String) });
    expect(parts.join()).not.toContain('s3cret');
    expect(ring.seal(VALUE, PLACE)).not.toBe(sealed);
  });

  it('seals with its first key and opens with every key, so that a key can be replaced', async () => {
    const before = new KeyRing(OLD);
    const meanwhile = new KeyRing([NEW, OLD]);
    const after = new KeyRing([NEW]);
    const old = before.seal(VALUE, PLACE);
    expect(await meanwhile.open(old, PLACE)).toEqual(VALUE);
    expect(await after.open(old, PLACE)).toBeUndefined();
    const anew = meanwhile.seal(VALUE, PLACE);
    expect(await after.open(anew, PLACE)).toEqual(VALUE);
    expect(await before.open(anew, PLACE)).toBeUndefined();
  });

  it('accepts a key in base64 and in base64url', async () => {
    const key = Buffer.alloc(32, 0xfb);
    const sealed = new KeyRing(key.toString('base64')).seal(VALUE, PLACE);
    expect(await new KeyRing(key.toString('base64url')).open(sealed, PLACE)).toEqual(VALUE);
  });

  it.each([
    [['token', 'google', 'eve']],
    [['token', 'github', 'ada']],
    [['login', 'google', 'ada']],
    [['token', 'google']],
    [['token', 'googlea', 'da']],
    [['token', 'google', 'ada', '']],
    [[]],
  ])('does not open a value in the context %j that was sealed in another context', async (place) => {
    const ring = new KeyRing(OLD);
    expect(await ring.open(ring.seal(VALUE, PLACE), place)).toBeUndefined();
  });

  it.each([
    ['header', 0],
    ['initialization vector', 1],
    ['ciphertext', 2],
    ['tag', 3],
  ])('does not open a value whose %s was changed', async (_, index) => {
    const ring = new KeyRing(OLD);
    const parts = ring.seal(VALUE, PLACE).split('.');
    const part = parts[index]!;
    const tampered = Array.from(
      part.slice(0, -1),
      (letter, at) => part.slice(0, at) + swap(letter) + part.slice(at + 1),
    );
    for (const text of [...tampered, part.slice(1), part.slice(0, -4), `${part}AAAA`, '']) {
      const sealed = parts.map((other, at) => (at === index ? text : other)).join('.');
      expect(await ring.open(sealed, PLACE)).toBeUndefined();
    }
  });

  it('does not open a value with another algorithm or key ID in its header', async () => {
    const ring = new KeyRing(OLD);
    const [header, ...rest] = ring.seal(VALUE, PLACE).split('.');
    const { kid } = JSON.parse(Buffer.from(header!, 'base64url').toString()) as { kid: string };
    for (const forged of [
      { alg: 'dir', enc: 'A128GCM', kid },
      { alg: 'none', kid },
      { alg: 'A256KW', enc: 'A256GCM', kid },
      { alg: 'dir', enc: 'A256GCM' },
      { alg: 'dir', enc: 'A256GCM', kid: '__proto__' },
    ]) {
      const text = Buffer.from(JSON.stringify(forged)).toString('base64url');
      expect(await ring.open([text, ...rest].join('.'), PLACE)).toBeUndefined();
    }
  });

  it.each([[''], ['.'], ['...'], ['....'], ['a.b.c.d'], ['s3cret'], ['eyJhbGciOiJub25lIn0..']])(
    'returns undefined for %j',
    async (text) => {
      expect(await new KeyRing(OLD).open(text, PLACE)).toBeUndefined();
    },
  );

  it.each([
    ['no key', [], 'encryptionKeys: there is none'],
    ['an empty key', '', 'encryptionKeys[0]'],
    ['a password', 's3cret-password', 'encryptionKeys[0]'],
    ['a key of 31 bytes', randomBytes(31).toString('base64'), 'encryptionKeys[0]'],
    ['a key of 33 bytes', randomBytes(33).toString('base64'), 'encryptionKeys[0]'],
    ['hexadecimal', randomBytes(32).toString('hex'), 'encryptionKeys[0]'],
    ['a key with spaces', `${OLD} `, 'encryptionKeys[0]'],
    ['an invalid second key', [OLD, 's3cret-password'], 'encryptionKeys[1]'],
    ['a key that is not a string', [undefined as unknown as string], 'encryptionKeys[0]'],
  ])('throws OAuthConfigError for %s, without the key', (_, keys, where) => {
    let error: unknown;
    try {
      new KeyRing(keys);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect((error as OAuthConfigError).faults[0]).toContain(where);
    expect((error as OAuthConfigError).faults[0]).toContain('openssl rand -base64 32');
    const shown = inspect(error, { depth: 20, showHidden: true });
    for (const key of [keys].flat().filter(Boolean)) expect(shown).not.toContain(key);
  });

  it('does not show its keys', () => {
    const ring = new KeyRing([OLD, NEW]);
    const shown = inspect(ring, { depth: 20, showHidden: true }) + JSON.stringify(ring);
    expect(shown).toBe('KeyRing {}{}');
  });
});

function swap(letter: string): string {
  return letter === 'A' ? 'Q' : 'A';
}
