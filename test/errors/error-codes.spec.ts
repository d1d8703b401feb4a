import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { OAuthErrorCode } from 'nestjs-oauth-client';

const LIB = new URL('../../lib/', import.meta.url);

it('OAuthErrorCode contains every error code in the library', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const given = files.flatMap((file) =>
    [...readFileSync(new URL(file, LIB), 'utf8').matchAll(/(?:new OAuthError|super)\(\s*'(\w+)'/g)].map(
      ([, code]) => code,
    ),
  );
  expect(given.length).toBeGreaterThan(30);
  expect(given.filter((code) => !(Object.values(OAuthErrorCode) as unknown[]).includes(code))).toEqual([]);
});

it('OAuthErrorCode names every code in upper case', () => {
  const { entries, fromEntries, values } = Object;
  expect(OAuthErrorCode).toEqual(fromEntries(values(OAuthErrorCode).map((code) => [code.toUpperCase(), code])));
  expect(entries(OAuthErrorCode)).toHaveLength(new Set(values(OAuthErrorCode)).size);
});
