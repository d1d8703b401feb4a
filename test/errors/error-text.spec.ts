import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { errorTextOf, thrownText } from '../../lib/errors/error-text.js';
import { redact, redactSecrets } from '../../lib/common/redaction.js';

/** Encodings in which a response may repeat a value. */
const ENCODINGS: [string, (value: string) => string][] = [
  ['unchanged', (value) => value],
  ['in upper case', (value) => value.toUpperCase()],
  ['encoded as in a query', (value) => new URLSearchParams([['', value]]).toString().slice(1)],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded twice', (value) => encodeURIComponent(encodeURIComponent(value))],
  [
    'with every byte percent-encoded',
    (value) =>
      bytesOf(value)
        .map((byte) => `%${byte.toString(16)}`)
        .join(''),
  ],
  ['in JSON', (value) => JSON.stringify(value).slice(1, -1)],
  ['in hex', (value) => Buffer.from(value).toString('hex')],
  ['in upper-case hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['in base64', (value) => Buffer.from(value).toString('base64')],
  ['in base64 after a name', (value) => Buffer.from(`dev:${value}`).toString('base64')],
  ['in base64url between other characters', (value) => Buffer.from(`ab${value}cd`).toString('base64url')],
];

function bytesOf(value: string): number[] {
  return [...Buffer.from(value)];
}

describe('the redaction of error texts', () => {
  it.each(ENCODINGS)('redacts a secret %s', (_, encode) => {
    const secret = fc
      .string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 80 })
      .filter((value) => !/^\W+$/.test(value));
    fc.assert(
      fc.property(secret, (value) => {
        const redacted = redact(`before ${encode(value)} after`, [value]);
        expect(redacted).toContain('[redacted]');
        expect(redacted).not.toContain(encode(value).slice(4, 14));
        expect([redacted.startsWith('before '), redacted.endsWith(' after')]).toEqual([true, true]);
      }),
    );
  });

  it.each([
    ['{"access_token":"ab\\"cd","message":"no"}', '{"access_token":[redacted],"message":"no"}'],
    ['{\\"refresh_token\\":\\"abcd\\"} x', '{\\"refresh_token\\":[redacted]} x'],
    ['password=hunter2 host=db', 'password=[redacted] host=db'],
    ['redis://user:pw@cache:6379/0', 'redis://[redacted]@cache:6379/0'],
    ['Authorization: Bearer abcdefgh, x', 'Authorization: Bearer [redacted], x'],
    ['got eyJhbGciOiJI.eyJzdWIi.abc', 'got [redacted]'],
    ['Set-Cookie: a=b; Path=/', 'Set-Cookie: [redacted]; Path=/'],
    ['code=4/0AX4XfWhabcdefgh1234567', 'code=[redacted]'],
    ['d41d8cd98f00b204e9800998ecf8427e', '[redacted]'],
  ])('recognizes a secret by its name or its form: %s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it.each([
    'Bad credentials',
    'The access token expired',
    '{"code":"InvalidAuthenticationToken","message":"Access token is empty."}',
    '{"error":{"code":190,"type":"OAuthException"}}',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'request 2f1c1f9e-6c1d-4b1a-9b0a-2f8b8f8b8f8b',
    'the token_type is bearer',
    'relation "oauth2_token" does not exist',
  ])('does not change text without a secret: %s', (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  it('takes time that is linear in the length of the text', () => {
    const hostile = ['a-', '://', '"token":', '\\"', 'token={', 'token ', 'eyJaaaaaa.', 'code='].map((part) =>
      part.repeat(5000),
    );
    const started = performance.now();
    for (const text of hostile) redactSecrets(text);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('the error text of a response', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a message of GitHub', { message: 'Bad credentials', documentation_url: 'https://docs' }, 'Bad credentials'],
    ['an error object', { error: { code: 190, message: 'Expired' } }, '{"error":{"code":190,"message":"Expired"}}'],
    ['a list', [{ errorCode: 'INVALID_SESSION_ID' }], '[{"errorCode":"INVALID_SESSION_ID"}]'],
    ['other JSON', { ok: false }, '{"ok":false}'],
    ['JSON as a string', '{"message":"no"}', 'no'],
    ['JSON as bytes', Buffer.from('{"message":"no"}'), 'no'],
    ['an HTML page', '<!doctype html><style>a{}</style><h1>Not&nbsp;here</h1>\n<p>at &lt;all&gt;', 'Not here at <all>'],
    ['a string with line breaks', 'one\r\ntwo\u2028three', 'one two three'],
    ['an empty string', '', undefined],
    ['binary data', Buffer.from([0, 1, 255]), undefined],
    ['a token among the fields', { message: 'bad', access_token: 'abc' }, 'bad'],
    [
      'a token in the message',
      { error: 'bad', detail: 'access_token=abc' },
      '{"error":"bad","detail":"access_token=[redacted]"}',
    ],
  ])('is read from %s', (_, body, expected) => {
    expect(errorTextOf(body)).toBe(expected);
  });

  it('is not read from a stream', () => {
    const stream = Readable.from(['secret']);
    expect(errorTextOf(stream)).toBeUndefined();
    expect(stream.readableDidRead).toBe(false);
  });

  it('is one line of limited length for any body', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const text = errorTextOf(body) ?? '';
        expect(text).not.toMatch(/[\n\r\u2028]/);
        expect(text.length).toBeLessThanOrEqual(2000);
      }),
    );
  });
});

it('the error text of a store error contains its message and its code', () => {
  const error = Object.assign(new Error('read ECONNRESET of token-of-ada'), { code: '57P01' });
  expect(thrownText(error, ['token-of-ada'])).toBe('read ECONNRESET of [redacted] (57P01)');
  expect(thrownText('gone')).toBe('gone');
  expect(thrownText(undefined)).toBeUndefined();
});
