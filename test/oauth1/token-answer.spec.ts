import { describe, expect, it } from '@jest/globals';
import { confirmsCallback, type EndpointAnswer, parseTokenAnswer } from '../../lib/oauth1/token-answer.js';
import { InvalidTokenError, OAuthError, ProviderError } from '../../lib/errors/oauth.errors.js';

const FORM = 'application/x-www-form-urlencoded';
const CREDENTIALS = { oauth_token: 'to ken', oauth_token_secret: 'se&cret' };

function parse(answer: Partial<EndpointAnswer>) {
  return parseTokenAnswer('request token endpoint', { status: 200, contentType: FORM, body: '', ...answer });
}

function refusal(answer: Partial<EndpointAnswer>): OAuthError {
  try {
    parse(answer);
  } catch (error) {
    return error as OAuthError;
  }
  throw new Error('the answer was accepted');
}

describe('a token response', () => {
  it('is parsed as a form (RFC 5849 §2.1)', () => {
    const body = 'oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true';
    expect(parse({ body })).toEqual({
      oauth_token: 'hh5s93j4hdidpola',
      oauth_token_secret: 'hdhd0244k9j7ao03',
      oauth_callback_confirmed: 'true',
    });
  });

  it('is parsed as JSON', () => {
    expect(parse({ contentType: 'application/json', body: JSON.stringify(CREDENTIALS) })).toEqual(CREDENTIALS);
  });

  it.each(['text/html; charset=utf-8', 'text/plain', 'application/json', ''])(
    'is parsed as a form even if its content type is %j',
    (contentType) => {
      const body = ' oauth_token=to%20ken&oauth_token_secret=se%26cret\r\n';
      expect(parse({ contentType, body })).toEqual(CREDENTIALS);
    },
  );

  it.each(['oauth_token=a&oauth_token_secret=', '{"oauth_token":"a","oauth_token_secret":""}'])(
    'is accepted with an empty secret: %s',
    (body) => {
      expect(parse({ body })).toEqual({ oauth_token: 'a', oauth_token_secret: '' });
    },
  );

  it.each([
    ['oauth_callback_confirmed=true', true],
    ['oauth_callback_confirmed=True', true],
    ['oauth_callback_confirmed=TRUE', true],
    ['oauth_callback_confirmed=1', true],
    ['{"oauth_callback_confirmed":true}', true],
    ['{"oauth_callback_confirmed":1}', true],
    ['{"oauth_callback_confirmed":"True"}', true],
    ['oauth_callback_confirmed=false', false],
    ['oauth_callback_confirmed=0', false],
    ['oauth_callback_confirmed=trueish', false],
    ['{"oauth_callback_confirmed":false}', false],
    ['{"oauth_callback_confirmed":0}', false],
    ['{"oauth_callback_confirmed":[true]}', undefined],
    ['{"oauth_callback_confirmed":null}', undefined],
    ['oauth_callback_confirmed=', undefined],
    ['other=true', undefined],
  ])('is read for oauth_callback_confirmed: %s is %p', (extra, confirmed) => {
    const body = extra.startsWith('{')
      ? JSON.stringify({ ...CREDENTIALS, ...(JSON.parse(extra) as object) })
      : `oauth_token=a&oauth_token_secret=b&${extra}`;
    expect(confirmsCallback(parse({ body }))).toBe(confirmed);
  });

  it('is parsed as JSON even if its content type is a form', () => {
    expect(parse({ body: `\n${JSON.stringify(CREDENTIALS)}` })).toEqual(CREDENTIALS);
  });

  it('keeps other string parameters of the provider', () => {
    const extra = { user_id: '6253282', screen_name: 'twitterapi', x_auth_expires: '0' };
    const all = { ...CREDENTIALS, ...extra };
    expect(parse({ body: new URLSearchParams(all).toString() })).toEqual(all);
    expect(parse({ body: JSON.stringify({ ...all, expires: 1, nested: { a: 'b' }, none: null }) })).toEqual(all);
  });

  it.each([
    'oauth_token=a&oauth_token_secret=b&__proto__=c',
    '{"oauth_token":"a","oauth_token_secret":"b","__proto__":"c"}',
  ])('cannot change its prototype: %s', (body) => {
    const answer = parse({ body });
    expect(Object.keys(answer)).toEqual(['oauth_token', 'oauth_token_secret']);
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
  });
});

describe('an oauth_problem', () => {
  it.each([200, 400, 401, 503])('is thrown with its code from the body of a response with status %d', (status) => {
    const error = refusal({ status, body: 'oauth_problem=timestamp_refused&oauth_problem_advice=Set+your+clock' });
    expect(error.constructor).toBe(OAuthError);
    expect(error).toMatchObject({ error: 'timestamp_refused', description: 'Set your clock' });
    expect(error.getStatus()).toBe(502);
  });

  it('is thrown from the WWW-Authenticate header', () => {
    const wwwAuthenticate =
      'Basic realm="a", OAuth realm="https%3A%2F%2Fp.test%2F", oauth_problem="token_rejected", ' +
      'oauth_problem_advice="not%20this%20one"';
    expect(refusal({ status: 401, wwwAuthenticate })).toMatchObject({
      error: 'token_rejected',
      description: 'not this one',
    });
  });

  it('is thrown from a JSON body', () => {
    expect(refusal({ status: 401, body: '{"oauth_problem":"nonce_used"}' })).toMatchObject({
      error: 'nonce_used',
      description: expect.stringContaining('the request token endpoint answered 401'),
    });
  });

  it('is thrown even if the response contains a token', () => {
    const body = 'oauth_token=a&oauth_token_secret=b&oauth_problem=token_revoked';
    expect(refusal({ body }).error).toBe('token_revoked');
  });

  it('has a description of one line with at most 200 printable characters', () => {
    const advice = `\u001b[31mbad\r\nnews\u2028\u202e${'x'.repeat(500)}`;
    const { description } = refusal({ body: `oauth_problem=a&oauth_problem_advice=${encodeURIComponent(advice)}` });
    expect(description).toMatch(/^\[31mbad news x+$/);
    expect(description!.length).toBeLessThanOrEqual(200);
  });

  it.each(['Bad thing!', '', 'x'.repeat(65), '<script>', 'a\nb'])(
    'is ignored as an error code if it is %j',
    (problem) => {
      const error = refusal({ body: new URLSearchParams({ oauth_problem: problem }).toString() });
      expect(error).toBeInstanceOf(ProviderError);
      expect(error.error).toBe('provider_refused');
    },
  );
});

describe('a response with an error status', () => {
  it.each([400, 401, 404, 500, 503])('throws ProviderError for status %d even if it contains a token', (status) => {
    const body = 'oauth_token=hidden1&oauth_token_secret=hidden2';
    const error = refusal({ status, contentType: 'text/html', body });
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.message).toBe(
      `${status < 500 ? 'provider_refused' : 'provider_unavailable'}: the request token endpoint answered ${status} (text/html, ${body.length} characters, ` +
        'parameters: oauth_token, oauth_token_secret)',
    );
  });
});

describe('a response without token credentials', () => {
  it.each([
    '',
    'oauth_token=hidden',
    'oauth_token_secret=hidden',
    'oauth_token=&oauth_token_secret=hidden',
    '{"oauth_token":1,"oauth_token_secret":2}',
    '{"oauth_token":["hidden"],"oauth_token_secret":{"hidden":"hidden"}}',
    '{"oauth_token":null}',
    '{"oauth_token":"hidden"',
    '["hidden"]',
    'null',
    '<html><a href="?hidden=hidden">hidden</a></html>',
    'hidden',
    'hiddenhidden==',
    '%',
    '&&==&&',
    '__proto__=hidden',
    '{"__proto__":{"oauth_token":"hidden","oauth_token_secret":"hidden"}}',
  ])('throws InvalidTokenError: %j', (body) => {
    expect(refusal({ body })).toBeInstanceOf(InvalidTokenError);
  });

  it('is described by its status, content type, length and parameter names', () => {
    const error = refusal({ status: 204, contentType: 'text/html; charset=utf-8', body: 'token=hidden&secret=hidden' });
    expect(error.message).toBe(
      'token_invalid: the request token endpoint answered 204 (text/html; charset=utf-8, 26 characters, ' +
        'parameters: token, secret); expected oauth_token and oauth_token_secret',
    );
  });

  it('is described without a content type if it has none', () => {
    expect(refusal({ contentType: '' }).description).toContain('(no content type, 0 characters, parameters: none)');
  });

  it('is described by at most ten parameter names, without values that look like names', () => {
    const names = Array.from('abcdefghijklm', (letter) => `${letter}=hidden`).join('&');
    const error = refusal({ body: `sk4f9a0c=x&a b=x&hidden&<b>=x&${'n'.repeat(33)}=x&${names}` });
    expect(error.description).toContain('parameters: a, b, c, d, e, f, g, h, i, j)');
  });

  it('is described without values', () => {
    const bodies = ['oauth_token=hidden', '{"oauth_token":"hidden"}', 'hidden', 'hidden&x=1', '{"a":{"hidden":1}}'];
    for (const body of bodies) {
      const error = refusal({ body });
      expect(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.getResponse())}`).not.toContain('hidden');
    }
  });

  it('is described on one line even if its content type contains line breaks', () => {
    expect(refusal({ contentType: `a\r\nb${'c'.repeat(500)}` }).description).toMatch(/\(a bc{1,200}, 0 characters/);
  });
});
