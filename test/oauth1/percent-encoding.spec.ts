import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeForm, percentEncode } from '../../lib/common/percent-encode.js';
import { parseForm } from '../../lib/oauth1/percent-encoding.js';

/** RFC 5849 §3.6 word by word: encodes every byte of the UTF-8 string except unreserved characters. */
function encodeByTheBook(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

const anyText = fc.string({ unit: 'binary' });
const anyCodeUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

describe('percentEncode', () => {
  it.each([
    ['abcABC123', 'abcABC123'],
    ['-._~', '-._~'],
    ['%', '%25'],
    ['+', '%2B'],
    ['&=*', '%26%3D%2A'],
    ['\u000A', '%0A'],
    ['\u0020', '%20'],
    ['\u007F', '%7F'],
    ['\u0080', '%C2%80'],
    ['\u3001', '%E3%80%81'],
  ])('encodes %j as in the OAuth test cases (wiki.oauth.net, parameter encoding)', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  it.each([
    ['Ladies + Gentlemen', 'Ladies%20%2B%20Gentlemen'],
    ['An encoded string!', 'An%20encoded%20string%21'],
    ['Dogs, Cats & Mice', 'Dogs%2C%20Cats%20%26%20Mice'],
    ['☃', '%E2%98%83'],
  ])('encodes %j as in the documentation of Twitter', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  it('encodes the five characters that encodeURIComponent keeps', () => {
    expect(percentEncode(`!'()*`)).toBe('%21%27%28%29%2A');
  });

  it('encodes an encoded string again', () => {
    expect(percentEncode(percentEncode('r b'))).toBe('r%2520b');
  });

  it('replaces a lone surrogate and keeps a pair', () => {
    expect(percentEncode('a\ud83db\ude00c😀')).toBe('a%EF%BF%BDb%EF%BF%BDc%F0%9F%98%80');
  });

  it('encodes any string as in RFC 5849 §3.6', () => {
    fc.assert(fc.property(fc.oneof(anyText, anyCodeUnits), (text) => percentEncode(text) === encodeByTheBook(text)));
  });

  it('returns a string that decodeURIComponent decodes', () => {
    fc.assert(fc.property(anyText, (text) => decodeURIComponent(percentEncode(text)) === text));
  });
});

describe('parseForm', () => {
  it('reads a plus as a space, and an encoded plus as a plus', () => {
    expect(parseForm('a=2+q&b=2%20q&c=2%2Bq')).toEqual([
      ['a', '2 q'],
      ['b', '2 q'],
      ['c', '2+q'],
    ]);
  });

  it('keeps repeated, empty and nameless parameters in order', () => {
    expect(parseForm('b=2&a=&b=1&c&=d')).toEqual([
      ['b', '2'],
      ['a', ''],
      ['b', '1'],
      ['c', ''],
      ['', 'd'],
    ]);
  });

  it('returns no parameters for an empty string', () => {
    expect(parseForm('')).toEqual([]);
    expect(parseForm('&&')).toEqual([]);
  });

  it('keeps a question mark at the beginning of the first name', () => {
    expect(parseForm('?a=b')).toEqual([['?a', 'b']]);
  });

  it('keeps a malformed percent sequence', () => {
    expect(parseForm('a=100%&b=%zz')).toEqual([
      ['a', '100%'],
      ['b', '%zz'],
    ]);
  });

  it('treats __proto__ as an ordinary name', () => {
    expect(parseForm('__proto__=x&constructor=y')).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('encodeForm', () => {
  it('encodes names and values in order', () => {
    expect(
      encodeForm([
        ['c@', ''],
        ['a', '2 q'],
      ]),
    ).toBe('c%40=&a=2%20q');
  });

  it('returns a string that parseForm decodes', () => {
    const params = fc.array(fc.tuple(anyText, anyText));
    fc.assert(fc.property(params, (list) => expect(parseForm(encodeForm(list))).toEqual(list)));
  });
});
