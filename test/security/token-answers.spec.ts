import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientRegistration, OAuth1App, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { TOKEN_STORES, type OpenStore } from '../support/stores.js';

const TEN_YEARS = 315_360_000;
const LONG = 65_536;
/** The library's own field names, and names with a meaning in JavaScript, as a hostile provider sends them. */
const PLANTED = `
  "accessToken": "evil", "tokenType": "mac", "refreshToken": "evil", "expiresAt": 1, "expiresIn": 1, "idToken": "e.v.il",
  "dpopKey": {"kty": "EC", "d": "evil"}, "dpop_key": {"kty": "EC", "d": "evil"}, "resource": ["https://evil.test"],
  "issuer": "https://evil.test", "clientId": "evil", "oauthToken": "evil", "oauthTokenSecret": "evil",
  "__proto__": {"refreshToken": "evil"}, "constructor": "evil", "prototype": "evil", "toJSON": "evil", "then": "evil"`;

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await startScriptedProvider();
});

afterEach(() => provider.close());

async function start(settings: object = {}): Promise<OAuth2App> {
  const dev = clientOf(provider, settings);
  return (await registryWith({ options: { clients: { dev } } })).get<OAuth2App>('dev');
}

/** Responds to token requests with this JSON. */
function answer(fields: string): void {
  const headers = { 'content-type': 'application/json' };
  provider.on('POST /token', () => ({ headers, body: `{"token_type": "Bearer", ${fields}}` }));
}

/** Returns the token of a login whose token response has these fields. */
async function tokenFrom(fields: string | object): Promise<OAuth2Token> {
  answer(typeof fields === 'string' ? fields : JSON.stringify({ access_token: 'a', ...fields }).slice(1, -1));
  return (await start()).fetchAccessToken({ code: 'c' });
}

/** Returns the fields of a token that the library does not define. */
function extrasOf(token: OAuth2Token): Record<string, unknown> {
  const { accessToken: _, tokenType: __, issuer: ___, clientId: ____, ...extras } = token;
  return extras;
}

function nested(depth: number): unknown {
  let value: unknown = 'deepest';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { value } : [value];
  return value;
}

describe('field injection by a token response', () => {
  it('a token response cannot set the library’s own fields', async () => {
    const token = await tokenFrom(`"access_token": "a", ${PLANTED}, "team": "T"`);
    expect(extrasOf(token)).toEqual({ team: 'T' });
    expect(token).toMatchObject({ accessToken: 'a', tokenType: 'bearer' });
    expect(Object.getPrototypeOf(token)).toBe(Object.prototype);
    expect(JSON.stringify(token)).not.toContain('evil');
  });

  it('the response to a refresh cannot set the library’s own fields', async () => {
    const dev = await start();
    answer(`"access_token": "b", ${PLANTED}`);
    const token = await dev.fetchAccessToken({
      grantType: 'refresh_token',
      token: { accessToken: 'a', refreshToken: 'r', idToken: 'i' },
    });
    expect(extrasOf(token)).toEqual({ refreshToken: 'r', idToken: 'i' });
    expect(JSON.stringify(token)).not.toContain('evil');
  });

  it('ignores camel-case names in place of the wire names', async () => {
    const planted = tokenFrom('"accessToken": "evil"');
    await expect(planted).rejects.toMatchObject({ error: 'token_invalid', status: 502 });
  });

  it('an OAuth 1 token response cannot set the library’s own fields', async () => {
    const oauth1 = {
      requestTokenUrl: `${provider.url}/request`,
      authorizeUrl: `${provider.url}/authorize`,
      accessTokenUrl: `${provider.url}/token`,
      clientId: 'dev',
      allowInsecureHttp: true,
    } as ClientRegistration;
    const registry = await registryWith({ options: { clients: { oauth1 } } });
    const app = registry.get<OAuth1App>('oauth1');
    const planted =
      'oauthToken=evil&oauthTokenSecret=evil&accessToken=evil&access_token=evil&issuer=evil&clientId=evil&then=evil&constructor=evil&__proto__=evil';
    const credentials = 'oauth_token=t&oauth_token_secret=s&screen_name=jo%00';
    provider.on('POST /token', () => ({ body: `${credentials}&${planted}` }));
    provider.on('POST /request', () => ({ body: `oauth_callback_confirmed=true&${planted}&${credentials}` }));
    const requestToken = { oauthToken: 't', oauthTokenSecret: 's' };
    const token = await app.fetchAccessToken({ requestToken, verifier: 'v' });
    expect(token).toMatchObject({ oauthToken: 't', oauthTokenSecret: 's', screen_name: 'jo\ufffd' });
    expect(JSON.stringify(token)).not.toContain('evil');
    const login = await app.createAuthorizationUrl('https://site.test/callback');
    expect(login.requestToken).toMatchObject(requestToken);
    expect(JSON.stringify(login)).not.toContain('evil');
    provider.on('POST /token', () => ({ body: 'oauth_token=t%00&oauth_token_secret=s' }));
    const unstorable = app.fetchAccessToken({ requestToken, verifier: 'v' });
    await expect(unstorable).rejects.toMatchObject({ error: 'token_invalid', status: 502 });
  });
});

describe('extra fields in a token response', () => {
  it('keeps a limited number of 50,000 extra fields, and the login succeeds', async () => {
    const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, index]));
    const extras = extrasOf(await tokenFrom(fields));
    expect(Object.keys(extras)).toHaveLength(100);
    expect(extras).toMatchObject({ f0: 0, f99: 99 });
  });

  it('drops a field that is nested deeper than five levels, and the login succeeds', async () => {
    const deep = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000);
    const fields = `"access_token": "a", "five": ${JSON.stringify(nested(5))}, "six": ${JSON.stringify(nested(6))}, "deep": ${deep}`;
    expect(extrasOf(await tokenFrom(fields))).toEqual({ five: nested(5) });
  });

  it('drops extra fields of more than 64 KB in all, and the login succeeds', async () => {
    const extras = extrasOf(
      await tokenFrom({ huge: 'x'.repeat(LONG), some: 'x'.repeat(60_000), more: 'é'.repeat(3_000), small: 1 }),
    );
    expect(Object.keys(extras)).toEqual(['some', 'small']);
  });

  it('drops unsafe names at every level', async () => {
    const token = await tokenFrom('"access_token": "a", "user": {"__proto__": {"admin": true}, "toJSON": 1, "id": 7}');
    expect(extrasOf(token)).toEqual({ user: { id: 7 } });
  });

  it('drops values of a hook that JSON does not have', async () => {
    const dev = await start({
      complianceFix: (session: {
        registerComplianceHook(name: string, hook: (answer: { data: object }) => object): void;
      }) => {
        session.registerComplianceHook('access_token_response', (response) => {
          const loop: Record<string, unknown> = {};
          loop.loop = loop;
          return {
            ...response,
            data: { ...response.data, loop, id: 7n, call: () => 1, list: [Symbol('s'), Infinity] },
          };
        });
      },
    });
    answer('"access_token": "a"');
    expect(extrasOf(await dev.fetchAccessToken({ code: 'c' }))).toEqual({ list: [null, null] });
  });
});

describe('tokens in a token response', () => {
  it.each([
    ['a line break', 'a\r\nx-admin: 1'],
    ['U+0000', 'a\0'],
    ['a character that is not ASCII', 'é'],
    ['more than 64 KB', 'a'.repeat(LONG + 1)],
  ])('refuses an access token with %s', async (_what, accessToken) => {
    const refused = tokenFrom({ access_token: accessToken });
    await expect(refused).rejects.toMatchObject({ error: 'token_invalid', status: 502 });
    await expect(refused).rejects.toThrow('the token response has no usable access_token');
  });

  it.each([['r\0'], ['r\n'], ['r\ud800'], ['r'.repeat(LONG + 1)], [5], [{}], [null], ['']])(
    'drops an unusable refresh token, and the login succeeds: %#',
    async (refreshToken) => {
      expect(extrasOf(await tokenFrom({ refresh_token: refreshToken }))).toEqual({});
    },
  );

  it('an unusable refresh token does not replace the previous one', async () => {
    const dev = await start();
    answer('"access_token": "b", "refresh_token": "\\u0000"');
    const token = await dev.fetchAccessToken({
      grantType: 'refresh_token',
      token: { accessToken: 'a', refreshToken: 'r' },
    });
    expect(token).toMatchObject({ accessToken: 'b', refreshToken: 'r' });
  });

  it.each([['i\0'], ['i'.repeat(LONG + 1)], [{ sub: 'evil' }], [7]])(
    'drops an unusable id_token that cannot be verified: %#',
    async (idToken) => {
      expect(extrasOf(await tokenFrom({ id_token: idToken }))).toEqual({});
    },
  );

  it('keeps an id_token that cannot be verified as it is', async () => {
    expect(extrasOf(await tokenFrom({ id_token: 'e.i.s' }))).toEqual({ idToken: 'e.i.s' });
  });

  it('refuses an id_token of megabytes before it verifies the signature', async () => {
    const dev = await start({ issuer: provider.url, jwksUri: `${provider.url}/jwks`, allowIssuerImpersonation: true });
    answer(`"access_token": "a", "id_token": "${'i'.repeat(LONG + 1)}"`);
    await expect(dev.fetchAccessToken({ code: 'c' })).rejects.toMatchObject({
      error: 'token_invalid',
      message: expect.stringContaining('id_token: it is longer than 65536 characters'),
    });
  });
});

describe('the expiry in a token response', () => {
  it.each([
    ['"expires_in": 1e300', TEN_YEARS],
    ['"expires_in": "1e300"', TEN_YEARS],
    ['"expires_in": 3600.9', 3600],
    ['"expires_in": 1e999', undefined],
    ['"expires_in": -5', undefined],
    ['"expires_in": "soon"', undefined],
    ['"expires_in": true', undefined],
  ])('limits the lifetime of a token response with %s', async (fields, expiresIn) => {
    const token = await tokenFrom(`"access_token": "a", ${fields}`);
    expect(token.expiresIn).toBe(expiresIn);
    expect(token.expiresAt === undefined).toBe(expiresIn === undefined);
    if (expiresIn !== undefined) expect(Math.abs(token.expiresAt! - Date.now() / 1000 - expiresIn)).toBeLessThan(5);
  });

  it.each([
    ['1e300', TEN_YEARS],
    ['"9e99"', TEN_YEARS],
  ])('limits "expires_at": %s to ten years from now', async (expiresAt, expected) => {
    const token = await tokenFrom(`"access_token": "a", "expires_at": ${expiresAt}`);
    expect(Number.isSafeInteger(token.expiresAt)).toBe(true);
    expect(Math.abs(token.expiresAt! - Date.now() / 1000 - expected)).toBeLessThan(5);
  });

  it('a negative "expires_at" makes the token expired', async () => {
    expect(await tokenFrom('"access_token": "a", "expires_at": -1e300')).toMatchObject({ expiresAt: 0 });
  });
});

describe.each(TOKEN_STORES)('a hostile token response in %s', (_name, run, open) => {
  run('with this store', () => {
    let opened: OpenStore;

    beforeAll(async () => {
      opened = await open();
    });

    afterAll(() => opened.close());

    it.each([
      [
        'characters that a database refuses',
        '"a\\u0000": "b\\u0000", "list": [{"\\ud800": "\\udfff"}], "scope": "x\\u0000"',
      ],
      ['an expiry beyond any column', '"expires_in": 1e300, "expires_at": 1e300'],
      ['the fields of an OAuth 1 token', '"oauth_token": "evil", "oauth_token_secret": "evil", "oauthToken": "evil"'],
      ['the fields of a row', '"name": "evil", "userId": "evil", "user_id": 7, "extra": 1, "version": "v", "kind": 1'],
      ['fields that have other types', '"scope": "s", "dpop_key": 7, "resource": 7, "refresh_token": 7'],
    ])('saves the token of a login despite %s', async (_what, fields) => {
      const token = await tokenFrom(`"access_token": "a", ${fields}`);
      const key = { name: 'dev', user: 'ada' };
      expect(await opened.store.save(key, token)).toEqual(expect.any(String));
      const held = await opened.store.fetch(key);
      expect(JSON.parse(JSON.stringify(held?.token))).toEqual(JSON.parse(JSON.stringify(token)));
      expect(held?.token).not.toHaveProperty('oauthToken');
      expect(JSON.stringify(held)).not.toMatch(/\\u0000|\\ud800/);
    });
  });
});
