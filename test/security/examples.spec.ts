import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentationPages, snippetsOf } from '../docs/snippets.js';

const samples = readdirSync('sample', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ path: join('sample', file), code: readFileSync(join('sample', file), 'utf8') }));
const examples = [...documentationPages().flatMap(snippetsOf), ...samples];

/** Patterns that an example must not contain, because examples are copied into applications. */
const DANGERS: [what: string, pattern: RegExp][] = [
  ['keys a user by `sub` alone', /\b(userId|user|id)\s*[:=]\s*(\w+\??\.)?sub\b/],
  ['finds a user by an email address', /findOneBy\(\{ email/],
  ['has a public fallback for a secret', /secret:[^,;\n]*\?\?\s*'/],
  ['responds with HTML built from a provider’s response', /return `[^`]*\$\{data\./],
  ['reads settings of the application for a tenant', /readSettings: true/],
];

describe('examples of the documentation', () => {
  it.each(DANGERS)('an example never %s', (_, pattern) => {
    expect(examples.length).toBeGreaterThan(50);
    expect(examples.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['keys a user by `sub` alone', 'Object.assign(request.session, { userId: user?.sub, token });'],
    ['keys a user by `sub` alone', 'const user = { id: claims.sub };'],
    ['keys a user by `sub` alone', "await tokenStore.save({ name: 'idp', user: sub }, token);"],
    ['has a public fallback for a secret', "session({ secret: process.env.SESSION_SECRET ?? 'change me' })"],
  ])('reports an example that %s: %s', (what, code) => {
    expect(DANGERS.find(([danger]) => danger === what)?.[1].test(code)).toBe(true);
  });
});
