import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OAuthError } from 'nestjs-oauth-client';
import { checkReturnTo } from '../../lib/remote-app/return-to.js';

/** Parts of addresses that mislead a check. */
const BITS = [
  '/',
  '\\',
  '//',
  ':',
  'https:',
  'evil.example',
  '@',
  '.',
  '..',
  '?',
  '#',
  '%2f',
  '%5c',
  '\t',
  '\n',
  '\r',
  ' ',
  '\0',
  'a',
];
const address = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.webUrl(),
  fc.array(fc.constantFrom(...BITS), { maxLength: 8 }).map((bits) => bits.join('')),
  fc.array(fc.constantFrom(...BITS), { maxLength: 8 }).map((bits) => `/${bits.join('')}`),
);

describe('returnTo', () => {
  it('never leaves the site', () => {
    fc.assert(
      fc.property(address, (value) => {
        let kept: string | undefined;
        try {
          kept = checkReturnTo(value);
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          return;
        }
        const target = new URL(kept ?? '/', 'https://site.example/auth/callback');
        expect(target.origin).toBe('https://site.example');
        expect(kept ?? '/').toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps every path of the site, normalized', () => {
    const part = fc.stringMatching(/^[\w.~!$&'()*+,;=:@%-]*$/);
    const path = fc.tuple(fc.array(part.filter(Boolean)), part, part).map(([segments, query, fragment]) => {
      return `/${segments.join('/')}?${query}#${fragment}`;
    });
    fc.assert(
      fc.property(path, (value) => {
        const { pathname, search, hash } = new URL(value, 'https://site.example');
        expect(checkReturnTo(value)).toBe(pathname + search + hash);
      }),
    );
    expect(checkReturnTo('/a/./b?c=d#e')).toBe('/a/b?c=d#e');
  });

  it.each([undefined, null, ''])('accepts %j as no return path', (value) => {
    expect(checkReturnTo(value)).toBeUndefined();
  });

  it.each([['/a'], 1, { toString: () => '/a' }, '/a\u007f', 'a', ' /a'].map((value) => [value]))(
    'refuses %j',
    (value) => {
      expect(() => checkReturnTo(value)).toThrow(OAuthError);
    },
  );
});
