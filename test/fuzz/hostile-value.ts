import fc from 'fast-check';
import { MARKER } from './secrets.js';

/**
 * A hostile JSON value with a short description: JSON source (for values that JavaScript cannot represent, such as
 * 1e999 or a duplicate key), nesting, or length.
 */
export type HostileValue =
  { json: string } | { nested: '[' | '{'; levels: number } | { long: number } | { items: number };

const SOURCES = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '1e308',
  '8640000000001',
  '9007199254740993',
  '""',
  '" "',
  '"null"',
  '"1e999"',
  '"NaN"',
  '[]',
  '{}',
  '[null]',
  '["x"]',
  '["x",1,{}]',
  '[[["x"]]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1}',
  '{"toJSON":"x","valueOf":1}',
  '{"then":"x"}',
  '{"length":-1}',
  '{"a":1,"a":2}',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000\\r\\nx: y"',
  '"\\u202e\\u2028\\ufeff"',
  '"é€😀"',
  '"__proto__"',
  '"constructor"',
  `"${MARKER}"`,
  `"${MARKER} tenant=acme: select * from users"`,
  `{"host":"${MARKER}"}`,
  `["${MARKER}"]`,
] as const;

const URLS = [
  'javascript:alert(1)',
  'file:///etc/passwd',
  'data:text/html,x',
  '//evil.example/x',
  'http://',
  'http://[::1',
  'http://127.0.0.1:1/',
  'http://127.0.0.1:99999/',
  'https://user:pass@evil.example/',
  `http://127.0.0.1:1/${MARKER}`,
  'ftp://x/',
  'http://x\\u0000/',
  'HTTP://127.0.0.1:1#fragment',
  'http://é.example/?q=%zz',
];

const TOKENS = ['none', 'ES256', 'HS256', 'RS256', 'Bearer', 'DPoP', 'N_A', 'use_dpop_nonce', 'slow_down'];
const ERRORS = [
  'invalid_grant',
  'invalid_client',
  'server_error',
  'authorization_pending',
  'invalid_token',
  'access_denied',
];

const quoted = (texts: readonly string[]): fc.Arbitrary<HostileValue> =>
  fc.constantFrom(...texts).map((text) => ({ json: `"${text}"` }));

/** Strings that may break parsers, headers, URLs or terminals. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'x',
    '\u0000',
    '\r\nx: y',
    '\ud800',
    '\u202e',
    '__proto__',
    'é€😀',
    '%',
    '%zz',
    '%00',
    '%ff%fe',
  ),
  fc.constantFrom(...URLS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);

export const hostileValue: fc.Arbitrary<HostileValue> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...SOURCES).map((json) => ({ json })) },
  { weight: 3, arbitrary: quoted(URLS) },
  { weight: 2, arbitrary: quoted([...TOKENS, ...ERRORS]) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }).map((json) => ({ json })) },
  { weight: 1, arbitrary: hostileText.map((text) => ({ json: JSON.stringify(text) })) },
  { weight: 1, arbitrary: fc.double().map((number) => ({ json: JSON.stringify(number) })) },
  {
    weight: 2,
    arbitrary: fc.record({
      nested: fc.constantFrom('[' as const, '{' as const),
      levels: fc.constantFrom(5, 40, 1000, 8000, 30_000),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(300, 5000, 100_000).map((long) => ({ long })) },
  { weight: 1, arbitrary: fc.constantFrom(100, 5000).map((items) => ({ items })) },
);

/** Returns a value as JSON source. */
export function jsonOf(value: HostileValue): string {
  if ('json' in value) return value.json;
  if ('long' in value) return `"${'x'.repeat(value.long)}"`;
  if ('items' in value) return `[${'"x",'.repeat(value.items)}1]`;
  const [open, close] = value.nested === '[' ? ['[', ']'] : ['{"a":', '}'];
  return `${open.repeat(value.levels)}1${close.repeat(value.levels)}`;
}
