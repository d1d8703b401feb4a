import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentationPages, snippetsOf } from '../docs/snippets.js';

const samples = readdirSync('sample', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ path: join('sample', file), code: readFileSync(join('sample', file), 'utf8') }));
const examples = [...documentationPages().flatMap(snippetsOf), ...samples];

/** What an example must not teach: each is copied into applications. */
const DANGERS: [what: string, pattern: RegExp][] = [
  ['keys a user by `sub` alone', /\b(userId|user|id)\s*[:=]\s*(\w+\??\.)?sub\b/],
  ['finds a user by an email address', /findOneBy\(\{ email/],
  ['has a secret that everybody knows', /secret:[^,;\n]*\?\?\s*'/],
  ['answers with HTML that it builds from what a provider sent', /return `[^`]*\$\{data\./],
  ['takes settings of a tenant together with those of the application', /readSettings: true/],
];

describe('an example that is copied as it stands', () => {
  it.each(DANGERS)('never %s', (_, pattern) => {
    expect(examples.length).toBeGreaterThan(50);
    expect(examples.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['keys a user by `sub` alone', 'Object.assign(request.session, { userId: user?.sub, token });'],
    ['keys a user by `sub` alone', 'const user = { id: claims.sub };'],
    ['keys a user by `sub` alone', "await tokenStore.save({ name: 'idp', user: sub }, token);"],
    ['has a secret that everybody knows', "session({ secret: process.env.SESSION_SECRET ?? 'change me' })"],
  ])('would be noticed if it %s: %s', (what, code) => {
    expect(DANGERS.find(([danger]) => danger === what)?.[1].test(code)).toBe(true);
  });
});
