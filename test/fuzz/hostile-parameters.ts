import fc from 'fast-check';
import { toUSVString } from 'node:util';
import { AUTHORIZATION_RESPONSE } from '../../lib/oauth2/authorization/authorization-response.js';
import { hostileText } from './hostile-value.js';
import { MARKER } from './secrets.js';

/** The value of a parameter: escaped, or raw as an attacker types it. */
type ParameterValue = { text: string } | { raw: string } | { long: number } | { dots: number };

/** A change to the parameters of a valid request. */
export type ParameterChange =
  | { op: 'remove' | 'empty' | 'repeat'; name: string }
  | { op: 'set' | 'add' | 'list'; name: string; value: ParameterValue }
  | { op: 'nest'; name: string; levels: number };

const PARAMETERS = [
  ...AUTHORIZATION_RESPONSE,
  'oauth_token',
  'oauth_verifier',
  'denied',
  'oauth_problem',
  'logout_token',
  'sid',
  'next',
  '__proto__',
  'constructor',
];

const RAW = [
  '%',
  '%zz',
  '%00',
  '%c0%af',
  '%ff%fe',
  '%ed%a0%80',
  '%u0041',
  '+',
  '&&&',
  '=',
  '%0d%0aSet-Cookie:%20a=b',
  ';',
];
const TEXTS = [
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  'x',
  'null',
  'undefined',
  '[object Object]',
  MARKER,
];
const JWTS = ['eyJhbGciOiJub25lIn0.e30.', '....', '..', 'a.b.c', 'a.b.c.d.e', 'e30.e30.e30', 'bnVsbA.bnVsbA.bnVsbA'];

const value: fc.Arbitrary<ParameterValue> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS, ...JWTS).map((text) => ({ text })) },
  { weight: 3, arbitrary: hostileText.map((text) => ({ text })) },
  { weight: 2, arbitrary: fc.constantFrom(...RAW).map((raw) => ({ raw })) },
  { weight: 1, arbitrary: fc.constantFrom(300, 5000, 60_000).map((long) => ({ long })) },
  { weight: 1, arbitrary: fc.constantFrom(10, 4000).map((dots) => ({ dots })) },
);
const name = fc.constantFrom(...PARAMETERS);
/** Generates a change to one parameter. */
export const parameterChange: fc.Arbitrary<ParameterChange> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('remove', 'empty', 'repeat'), name }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('set', 'add', 'list'), name, value }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('nest'), name, levels: fc.constantFrom(1, 3, 40, 2000) }) },
);

/** Applies the changes to the parameters of a valid request, and returns them as a query or a form. */
export function changedParameters(good: [name: string, value: string][], changes: readonly ParameterChange[]): string {
  let pairs = good.map(([key, text]): [string, string] => [key, encoded(text)]);
  for (const each of changes) {
    const { name: key } = each;
    const escaped = encodeURIComponent(key);
    switch (each.op) {
      case 'remove':
        pairs = pairs.filter(([other]) => other !== key);
        break;
      case 'empty':
        pairs = [...pairs.filter(([other]) => other !== key), [escaped, '']];
        break;
      case 'repeat':
        pairs.push(...pairs.filter(([other]) => other === key), [escaped, 'x']);
        break;
      case 'set':
        pairs = [...pairs.filter(([other]) => other !== key), [escaped, rendered(each.value)]];
        break;
      case 'add':
        pairs.push([escaped, rendered(each.value)]);
        break;
      case 'list':
        pairs = [...pairs.filter(([other]) => other !== key), [`${escaped}[]`, rendered(each.value)]];
        break;
      case 'nest':
        pairs = [...pairs.filter(([other]) => other !== key), [escaped + '[a]'.repeat(each.levels), 'x']];
    }
  }
  return pairs.map(([key, text]) => `${key}=${text}`).join('&');
}

function rendered(given: ParameterValue): string {
  if ('raw' in given) return given.raw;
  if ('long' in given) return 'x'.repeat(given.long);
  return 'dots' in given ? '.'.repeat(given.dots) : encoded(given.text);
}

function encoded(text: string): string {
  return encodeURIComponent(toUSVString(text));
}
