import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { errorTextOf, thrownText } from '../../lib/errors/error-text.js';
import { redact, redactSecrets } from '../../lib/common/redaction.js';

/** Ways in which an answer may repeat a value. */
const ENCODINGS: [string, (value: string) => string][] = [
  ['as it is', (value) => value],
  ['in capital letters', (value) => value.toUpperCase()],
  ['as a query has it', (value) => new URLSearchParams([['', value]]).toString().slice(1)],
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
  ['in capital hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['in base64', (value) => Buffer.from(value).toString('base64')],
  ['in base64 with a name before it', (value) => Buffer.from(`dev:${value}`).toString('base64')],
  ['in base64url in the middle', (value) => Buffer.from(`ab${value}cd`).toString('base64url')],
];

function bytesOf(value: string): number[] {
  return [...Buffer.from(value)];
}

describe('a secret that an answer repeats', () => {
  it.each(ENCODINGS)('%s is redacted', (_, encode) => {
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
  ])('is recognized by its name or its form: %s', (text, expected) => {
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
  ])('is not found in %s', (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  it('is looked for in a time that grows with the text', () => {
    const hostile = ['a-', '://', '"token":', '\\"', 'token={', 'token ', 'eyJaaaaaa.', 'code='].map((part) =>
      part.repeat(5000),
    );
    const started = performance.now();
    for (const text of hostile) redactSecrets(text);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('what an answer says about its error', () => {
  it.each<[string, unknown, string | undefined]>([
    ['the message of GitHub', { message: 'Bad credentials', documentation_url: 'https://docs' }, 'Bad credentials'],
    ['an error object', { error: { code: 190, message: 'Expired' } }, '{"error":{"code":190,"message":"Expired"}}'],
    ['a list', [{ errorCode: 'INVALID_SESSION_ID' }], '[{"errorCode":"INVALID_SESSION_ID"}]'],
    ['other JSON', { ok: false }, '{"ok":false}'],
    ['JSON as text', '{"message":"no"}', 'no'],
    ['JSON as bytes', Buffer.from('{"message":"no"}'), 'no'],
    ['a page', '<!doctype html><style>a{}</style><h1>Not&nbsp;here</h1>\n<p>at &lt;all&gt;', 'Not here at <all>'],
    ['a text of two lines', 'one\r\ntwo\u2028three', 'one two three'],
    ['nothing', '', undefined],
    ['bytes that are not a text', Buffer.from([0, 1, 255]), undefined],
    ['a token among the fields', { message: 'bad', access_token: 'abc' }, 'bad'],
    [
      'a token in the message',
      { error: 'bad', detail: 'access_token=abc' },
      '{"error":"bad","detail":"access_token=[redacted]"}',
    ],
  ])('is %s', (_, body, expected) => {
    expect(errorTextOf(body)).toBe(expected);
  });

  it('is not read from a stream', () => {
    const stream = Readable.from(['secret']);
    expect(errorTextOf(stream)).toBeUndefined();
    expect(stream.readableDidRead).toBe(false);
  });

  it('is never an error of its own, whatever the body is', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const text = errorTextOf(body) ?? '';
        expect(text).not.toMatch(/[\n\r\u2028]/);
        expect(text.length).toBeLessThanOrEqual(2000);
      }),
    );
  });
});

it('shows the message and the code of what a store threw', () => {
  const error = Object.assign(new Error('read ECONNRESET of token-of-ada'), { code: '57P01' });
  expect(thrownText(error, ['token-of-ada'])).toBe('read ECONNRESET of [redacted] (57P01)');
  expect(thrownText('gone')).toBe('gone');
  expect(thrownText(undefined)).toBeUndefined();
});
