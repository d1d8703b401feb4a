import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { inspect } from 'node:util';
import type { OAuth2App, OAuthClientModuleOptions, ProfileError } from 'nestjs-oauth-client';
import type { ProfileFunction } from 'nestjs-oauth-client/protocol';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { ProfileSite } from '../profile/profile-login.js';

const TOKEN = { accessToken: 'token-of-ada', tokenType: 'bearer' };

let site: ProfileSite;

beforeEach(async () => {
  site = await ProfileSite.start();
});

afterEach(async () => {
  Logger.overrideLogger(['error', 'warn']);
  await site.close();
});

/** Scripts a response that is not made by JSON.stringify(). */
function body(path: string, text: string): void {
  site.provider.on(`GET /api/${path}`, () => ({ body: text, headers: { 'content-type': 'application/json' } }));
}

function profile(claims: object = { sub: 'id' }, requests: object[] = [{ url: site.url('user') }]) {
  return { profile: { requests, claims } };
}

/** Reads a profile without a login, with the token of the test. */
async function read(settings: object, token: object = TOKEN, options: Partial<OAuthClientModuleOptions> = {}) {
  const app = await site.open(settings, options);
  return app.registry.get<OAuth2App>('dev').userinfo({ token: token as typeof TOKEN });
}

describe('identifiers of users', () => {
  it.each([
    ['a number', '{"id":7}', '7'],
    ['a string', '{"id":"7"}', '7'],
    ['the last exact integer', '{"id":9007199254740991}', '9007199254740991'],
    ['an integer that JavaScript would round down', '{"id":9007199254740993}', '9007199254740993'],
    ['its neighbor, which would be rounded to the same number', '{"id":9007199254740992}', '9007199254740992'],
    ['an integer of 30 digits', '{"id":123456789012345678901234567890}', '123456789012345678901234567890'],
  ])('keep their digits: %s', async (_, text, sub) => {
    body('user', text);
    expect((await read(profile())).sub).toBe(sub);
  });

  it.each([
    ['missing', '{}'],
    ['null', '{"id":null}'],
    ['an empty string', '{"id":""}'],
    ['spaces', '{"id":"  "}'],
    ['true', '{"id":true}'],
    ['an object', '{"id":{"toString":"7"}}'],
    ['a list of one identifier', '{"id":["7"]}'],
    ['the number 0', '{"id":0}'],
    ['the string 0', '{"id":"0"}'],
    ['negative', '{"id":-1}'],
    ['a fraction', '{"id":7.5}'],
    ['infinite', '{"id":1e999}'],
    ['a rounded exponent', '{"id":9.007199254740993e15}'],
    ['the text undefined', '{"id":"undefined"}'],
    ['a lone surrogate, which stores replace', '{"id":"\\ud800"}'],
    ['a control character', '{"id":"7\\u0000"}'],
    ['256 characters', JSON.stringify({ id: 'x'.repeat(256) })],
    ['in the prototype', '{"__proto__":{"id":"7"}}'],
    ['nested too deeply to be read', `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a string, which has no fields', '"id"'],
  ])('do not mix users when the identifier is %s', async (_, text) => {
    body('user', text);
    await expect(read(profile())).rejects.toMatchObject({ error: 'profile_failed', status: 502 });
  });

  it('do not mix users of a token response whose number was rounded', async () => {
    const settings = profile({ sub: 'token:user_id' }, []);
    await expect(read(settings, { ...TOKEN, user_id: 2 ** 53 })).rejects.toMatchObject({ error: 'profile_failed' });
  });

  it('do not fall back to another identifier when the first one has another type', async () => {
    body('user', '{"id":{},"login":"7"}');
    await expect(read(profile({ sub: ['id', 'login'] }))).rejects.toMatchObject({ error: 'profile_failed' });
  });

  it.each<[string, object, object?]>([
    ['a constant', { sub: { value: 'x' } }],
    ['a boolean', { sub: { exists: 'id' } }],
    ['joined parts, of which one may be absent', { sub: { join: ['org', 'id'] } }],
    ['a template without a placeholder', { sub: { template: 'user' } }],
    ['a constant as an alternative', { sub: ['id', { value: 'x' }] }],
    ['a parameter of the callback', { sub: 'callback:user_id' }],
    ['a field of the token that is a parameter of the callback', { sub: 'token:user_id' }],
    ['an email of the callback', { sub: 'id', email: 'callback:email' }],
    ['a verification of the callback', { sub: 'id', email: 'email', email_verified: 'callback:verified' }],
    ['a response that the callback selects', { sub: 'picked:id' }],
    ['a response that the callback selects by way of another response', { sub: 'details:id' }],
  ])('cannot be %s: the settings are refused', async (_, claims) => {
    const requests = [
      { url: site.url('user') },
      { name: 'picked', url: site.url('users/{callback:user_id}') },
      { name: 'details', url: site.url('details/{picked:id}') },
    ];
    const settings = { callbackParameters: ['user_id'], ...profile(claims, requests) };
    await expect(site.open(settings)).rejects.toMatchObject({ error: 'invalid_configuration' });
  });
});

describe('hostile responses with a profile', () => {
  it('cannot pollute prototypes', async () => {
    body(
      'user',
      '{"id":7,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"a":{"__proto__":{"b":1}}}',
    );
    const userInfo = await read(profile());
    expect(userInfo.raw).toEqual({ id: 7, a: {} });
    expect(Object.keys(Object.assign({}, userInfo.raw))).toEqual(['id', 'a']);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each([
    ['text of 2 MiB', JSON.stringify({ id: 7, x: 'x'.repeat(2 ** 21) })],
    ['an array of 300,000 objects', `{"id":7,"x":[${'{},'.repeat(300_000)}{}]}`],
    ['300,000 arrays in arrays', `{"id":7,"x":[${`[${'[],'.repeat(3_000)}[]],`.repeat(100)}[]]}`],
    ['an HTML page', '<html></html>'],
    ['an empty body', ''],
  ])('fail the profile: %s', async (_, text) => {
    body('user', text);
    await expect(read(profile())).rejects.toMatchObject({ error: 'profile_failed' });
  });

  it.each([
    'null',
    'true',
    '0',
    '[]',
    '[[[]]]',
    '{"id":1,"list":null}',
    '{"id":1,"list":{"0":{"main":true,"id":{}}}}',
    '{"id":1,"list":[null,7,"x",[],{"main":true}],"name":[],"url":{},"ok":"no"}',
    '{"id":1,"list":[{"main":true,"id":{"__proto__":1}}],"name":{"length":1e9},"url":"\\ud800","ok":1}',
    '{"id":1,"name":"\\u0000\\ud800","url":"https://p.test/\\u202e","ok":[true]}',
  ])('end in claims or in a ProfileError, never in another error: %s', async (text) => {
    body('user', text);
    const claims = {
      sub: 'id',
      name: { join: ['name', 'list.[?main].id', 'list.length'] },
      given_name: { template: '{name}{url}' },
      family_name: { path: 'url', after: '/' },
      picture: { template: 'https://p.test/{url}' },
      email: ['list.0.id', 'name'],
      email_verified: { all: ['ok', { exists: 'list' }, { path: 'name', equals: 'x' }] },
    };
    const result = await read(profile(claims)).catch((error: unknown) => error as ProfileError);
    if (result instanceof Error) expect(result).toMatchObject({ error: 'profile_failed' });
    else expect(result.sub).toBe('1');
  });

  it('cannot keep a login waiting forever', async () => {
    site.provider.on('GET /api/user', () => 'drip');
    await expect(read({ ...profile(), http: { timeout: 200 } })).rejects.toMatchObject({ error: 'profile_failed' });
  });

  it('are read in linear time', async () => {
    const text = `callback(${'"\\"'.repeat(300_000)} ${' )'.repeat(100_000)}`;
    body('user', text);
    const start = performance.now();
    await expect(read(profile())).rejects.toMatchObject({ error: 'profile_failed' });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  /** Tokens that are not sent, so that they may be as long as a token may be. */
  const LONG = { ...TOKEN, refreshToken: `${'a'.repeat(32_000)}b${'a'.repeat(32_000)}` };

  it.each([
    ['one long string', JSON.stringify({ id: 7, x: 'a'.repeat(1_000_000) })],
    ['many short strings', JSON.stringify({ id: 7, x: Array(16).fill(Array(4_900).fill('123456789')) })],
  ])('are searched for long tokens in linear time: %s', async (_, text) => {
    body('user', text);
    const start = performance.now();
    expect((await read(profile(), LONG)).sub).toBe('7');
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('do not keep a long token, whole or inside a string', async () => {
    const { refreshToken } = LONG;
    body('user', JSON.stringify({ id: 7, x: refreshToken, y: `see ${refreshToken}.`, z: 'a'.repeat(63) }));
    expect((await read(profile(), LONG)).raw).toEqual({ id: 7, z: 'a'.repeat(63) });
  });

  it('memory: cannot multiply a long value in templates and placeholders', async () => {
    body('user', JSON.stringify({ id: 7, a: 'a'.repeat(1_000_000) }));
    const template = '{a}'.repeat(90);
    const userInfo = await read(profile({ sub: 'id', name: [{ template }, { join: Array(90).fill('a') }] }));
    expect([userInfo.sub, userInfo.name]).toEqual(['7', undefined]);
    const requests = [{ url: site.url('user') }, { name: 'more', url: site.url('more'), query: { q: template } }];
    await expect(read(profile({ sub: 'id' }, requests))).rejects.toThrow('the placeholder {a} has no value');
  });

  it('denial of service: are refused quickly if they have hundreds of thousands of values', async () => {
    body('user', `{"id":7,"x":[${'{},'.repeat(340_000)}{}]}`);
    const start = performance.now();
    await expect(read(profile())).rejects.toThrow('its response is too large: expected at most 5000 entries');
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('denial of service: are not searched for a long time by the filters of a tenant', async () => {
    body('user', `{"id":7,"x":[${'{},'.repeat(4_000)}{"y":true}]}`);
    const name = Array.from({ length: 99 }, () => 'x.[?y].z');
    const start = performance.now();
    expect((await read(profile({ sub: 'id', name, given_name: name }))).name).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it.each<[string, object]>([
    ['paths', { name: Array(100).fill('a'), given_name: Array(100).fill('b') }],
    ['placeholders', { name: { template: '{a}'.repeat(200) } }],
  ])('denial of service: a profile with more than 200 %s is refused', async (_, claims) => {
    await expect(site.open(profile({ sub: 'id', ...claims }))).rejects.toThrow(
      'dev.profile: expected at most 200 paths and placeholders',
    );
  });

  it('that repeat the client secret under another name do not bring it into the log', async () => {
    const clientSecret = 'never-shown-in-a-log';
    site.provider.on('GET /api/user', ({ url }) => ({ status: 400, body: `bad request: ${url}` }));
    const requests = [{ url: site.url('user'), query: { sig: '{client_secret}' } }];
    const error: unknown = await read({ clientSecret, ...profile({ sub: 'id' }, requests) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ error: 'profile_failed', detail: expect.stringContaining('sig=[redacted]') });
    expect(inspect([error, (error as ProfileError).detail], { depth: 9 })).not.toContain(clientSecret);
  });

  it.each<[string, object, unknown]>([
    ['a picture that is a script', { picture: 'javascript:alert(1)' }, undefined],
    ['a picture that is data', { picture: 'data:image/png;base64,AA' }, undefined],
    ['a picture without a host', { picture: 'https://' }, undefined],
    ['a picture of another type', { picture: ['https://p.test/1.png'] }, undefined],
    ['an email with a line break', { email: 'a@b.c\r\nbcc: d@e.f' }, undefined],
    ['a name that is an object', { name: { toString: 'x' } }, undefined],
    ['a name that is too long', { name: 'x'.repeat(5_000) }, undefined],
    ['a name that is a number', { name: 7 }, '7'],
  ])('give no claim of the wrong type: %s', async (_, fields, value) => {
    const [name = ''] = Object.keys(fields);
    site.api('user', { id: 1, ...fields });
    expect((await read(profile({ sub: 'id', [name]: name })))[name]).toBe(value);
  });

  it('never put tokens and secrets into raw', async () => {
    const secrets = {
      access_token: 'x1',
      refreshToken: 'x2',
      client_secret: 'x3',
      pages: [{ id: 1, access_token: 'x4' }],
      url: 'https://p.test/?t=token-of-ada',
      echo: 'dev-secret',
      list: ['token-of-ada'],
    };
    site.api('user', { id: 7, ...secrets });
    const { raw } = await read(profile());
    expect(raw).toMatchObject({ id: 7, pages: [{ id: 1 }] });
    expect(JSON.stringify(raw)).not.toMatch(/x\d|token-of-ada|dev-secret/);
  });

  it('never put the fields of a token that are credentials into raw', async () => {
    const token = { ...TOKEN, refreshToken: 'refresh-of-ada', idToken: 'e.y.j', user: { id: 7, bot_token: 'b0t' } };
    const { raw } = await read(profile({ sub: 'token:user.id' }, []), token);
    expect(raw).toEqual({ token_type: 'bearer', user: { id: 7 } });
  });
});

describe('email_verified of a profile', () => {
  const emails = { name: 'emails', optional: true };

  it.each<[string, object, object, unknown]>([
    ['without an email', { verified: true }, { email_verified: 'verified', email: 'email' }, undefined],
    ['as a number', { email: 'a@b.c', verified: 1 }, { email: 'email', email_verified: 'verified' }, undefined],
    ['as a string', { email: 'a@b.c', verified: 'true' }, { email: 'email', email_verified: 'verified' }, true],
    ['as false', { email: 'a@b.c', verified: false }, { email: 'email', email_verified: 'verified' }, false],
    ['as a constant', { email: 'a@b.c' }, { email: 'email', email_verified: { value: true } }, true],
    ['as a constant without an email', {}, { email: 'email', email_verified: { value: true } }, undefined],
  ])('is true only of an email: %s', async (_, user, claims, expected) => {
    site.api('user', { id: 1, ...user });
    expect((await read(profile({ sub: 'id', ...claims }))).email_verified).toBe(expected);
  });

  it('does not verify an email of another response', async () => {
    site.api('user', { id: 1, email: 'victim@example.org' });
    site.api('emails', [{ email: null, primary: true, verified: true }]);
    const claims = {
      sub: 'id',
      email: ['emails:[?primary].email', 'email'],
      email_verified: 'emails:[?primary].verified',
    };
    const requests = [{ url: site.url('user') }, { ...emails, url: site.url('emails') }];
    const { email, email_verified: isVerified } = await read(profile(claims, requests));
    expect([email, isVerified]).toEqual(['victim@example.org', undefined]);
  });

  it('needs an email in the settings, whose response it is about', async () => {
    const settings = profile({ sub: 'id', email_verified: 'verified' });
    await expect(site.open(settings)).rejects.toMatchObject({ error: 'invalid_configuration' });
  });
});

describe('placeholders in the URL of a profile request', () => {
  it.each([
    ['a slash', 'a/b', '/api/users/a%2Fb'],
    ['a query', 'a?admin=1', '/api/users/a%3Fadmin%3D1'],
    ['a fragment', 'a#b', '/api/users/a%23b'],
    ['another host', '@evil.test/', '/api/users/%40evil.test%2F'],
    ['a backslash', '\\\\evil.test', '/api/users/%5C%5Cevil.test'],
    ['encoded dots', '%2e%2e', '/api/users/%252e%252e'],
    ['a placeholder', '{client_secret}', '/api/users/%7Bclient_secret%7D'],
    ['a line break', 'a\r\nHost: evil.test', '/api/users/a%0D%0AHost%3A%20evil.test'],
  ])('cannot change the URL: %s', async (_, uid, path) => {
    site.provider.on(`GET ${path}`, () => ({ json: { id: 1 } }));
    await read(profile({ sub: 'id' }, [{ url: site.url('users/{token:uid}') }]), { ...TOKEN, uid });
    expect(site.calls.map(({ url }) => url)).toEqual([path]);
  });

  it.each(['.', '..', '', '\ud800'])('cannot remove a part of the path: %j', async (uid) => {
    site.api('users', { id: 1 });
    const settings = profile({ sub: 'id' }, [{ url: site.url('users/{token:uid}') }]);
    await expect(read(settings, { ...TOKEN, uid })).rejects.toMatchObject({ error: 'profile_failed' });
    expect(site.calls).toEqual([]);
  });

  it.each(['a&admin=1', 'a=b', 'a b', 'a#b'])('cannot add a parameter: %s', async (uid) => {
    site.api('user', { id: 1 });
    await read(profile({ sub: 'id' }, [{ url: site.url('user'), query: { uid: '{token:uid}' } }]), { ...TOKEN, uid });
    const { searchParams } = new URL(site.calls[0]!.url, site.provider.url);
    expect([...searchParams]).toEqual([['uid', uid]]);
  });

  it('cannot add a header', async () => {
    const requests = [{ url: site.url('user'), headers: { 'x-user': '{token:uid}' } }];
    await expect(read(profile({ sub: 'id' }, requests), { ...TOKEN, uid: 'a\r\nx-admin: 1' })).rejects.toMatchObject({
      error: 'profile_failed',
    });
    expect(site.calls).toEqual([]);
  });

  it.each([
    'https://{token:host}/user',
    'https://{token:host}.example.com/user',
    'https://api.example.com@{token:host}/user',
    'https://user:pass@api.example.com/user',
    'https://api.example.com:{token:port}/user',
  ])('cannot be in the host: %s', async (url) => {
    await expect(site.open(profile({ sub: 'id' }, [{ url }]))).rejects.toMatchObject({
      message: expect.stringContaining('dev.profile.requests.0.url:'),
    });
  });

  it.each<[string, object]>([
    ['the path', { url: 'https://api.example.com/{client_secret}' }],
    ['the query of the URL', { url: 'https://api.example.com/?s={client_secret}' }],
    ['JSON', { url: 'https://api.example.com/', json: { s: '{client_secret}' } }],
  ])('cannot put the client secret into %s', async (_, request) => {
    await expect(site.open(profile({ sub: 'id' }, [request]))).rejects.toMatchObject({
      message: expect.stringContaining('client_secret'),
    });
  });

  it('must not be http', async () => {
    const settings = { ...profile({ sub: 'id' }, [{ url: 'http://api.example.com/' }]) };
    await expect(site.open(settings)).rejects.toMatchObject({
      message: expect.stringContaining('dev.profile.requests.0.url: must be https'),
    });
  });
});

describe('tokens and secrets of profile requests', () => {
  let evil: ScriptedProvider;

  beforeEach(async () => {
    evil = await startScriptedProvider();
    for (const method of ['GET', 'POST']) evil.on(`${method} /`, () => ({ json: { id: 666 } }));
  });

  afterEach(() => evil.close());

  it.each<[string, object, object]>([
    ['a bearer token', {}, {}],
    ['a token in a custom header', { apiRequest: { tokenHeader: 'X-Access-Token' } }, {}],
    ['custom headers', { apiRequest: { headers: { 'x-client': '{client_id}' } } }, { headers: { 'x-key': 'k3y' } }],
    ['a token in the URL', { apiRequest: { tokenParameter: 'auth' } }, { token: 'uri' }],
    ['a token in a form', {}, { form: { a: 'b' }, token: 'body' }],
  ])('do not follow a redirect to another origin: %s', async (_, settings, request) => {
    for (const method of ['GET', 'POST']) {
      site.provider.on(`${method} /api/user`, () => ({ status: 307, headers: { location: `${evil.url}/` } }));
    }
    await read({ ...settings, ...profile({ sub: 'id' }, [{ url: site.url('user'), ...request }]) });
    const [{ headers, url, body: sent } = {}] = evil.requests;
    expect(site.calls).toHaveLength(1);
    expect(JSON.stringify([headers, url, String(sent)])).not.toMatch(/token-of-ada|k3y|x-client/);
  });

  it.each<[string, object]>([
    ['the client secret in a form', { form: { secret: '{client_secret}' } }],
    ['the client secret in a header', { headers: { 'x-secret': '{client_secret}' } }],
    ['the access token in the path', { url: 'users/{access_token}', token: 'none' }],
  ])('are not sent again after a redirect: %s', async (_, request) => {
    for (const route of ['GET /api/user', 'POST /api/user', 'GET /api/users/token-of-ada']) {
      site.provider.on(route, () => ({ status: 307, headers: { location: `${evil.url}/` } }));
    }
    const { url = 'user', ...others } = request as { url?: string };
    const settings = profile({ sub: 'id' }, [{ url: site.url(url), ...others }]);
    await expect(read(settings)).rejects.toMatchObject({ error: 'profile_failed' });
    expect(evil.requests).toEqual([]);
  });

  it.each<[string, ProfileFunction]>([
    ['an absolute URL', async ({ get }) => ({ sub: await get(evil.url) })],
    ['a URL without a scheme', async ({ get }) => ({ sub: await get(`//${new URL(evil.url).host}/`) })],
    ['a backslash', async ({ get }) => ({ sub: await get(`\\\\${new URL(evil.url).host}/`) })],
  ])('are not sent to another origin by the get() of a function: %s', async (_, fn) => {
    await expect(read({ profile: fn })).rejects.toMatchObject({ error: 'untrusted_origin' });
    expect(evil.requests).toEqual([]);
  });

  it('are not in the error, its inspection, its response and the log', async () => {
    const lines: string[] = [];
    const log = (line: unknown): number => lines.push(String(line));
    Logger.overrideLogger({ log, warn: log, error: log, debug: log, verbose: log });
    site.provider.on('GET /api/users/token-of-ada', () => ({
      status: 403,
      json: { message: 'no access for token-of-ada with dev-secret and t0ken%2Dof%2Dada' },
    }));
    const requests = [{ url: site.url('users/{access_token}?secret=s'), token: 'uri' }];
    const settings = { apiRequest: { tokenParameter: 'auth' }, ...profile({ sub: 'id' }, requests) };
    const error = await read(settings).catch((reason: unknown) => reason as ProfileError);
    if (!('token' in error)) throw new Error('the profile was read');
    expect((error as ProfileError).token).toMatchObject({ accessToken: 'token-of-ada' });
    const shown = [
      inspect(error, { depth: 10, showHidden: true }),
      inspect(error.cause, { depth: 10, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify(Object.assign({}, error)),
      JSON.stringify((error as ProfileError).getResponse()),
      ...lines,
    ].join('\n');
    expect(lines.join('\n')).toContain('error=profile_failed');
    expect(shown).not.toMatch(/token-of-ada|dev-secret|secret=s/);
  });
});
