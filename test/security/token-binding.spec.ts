import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  ClientRegistration,
  OAuth1App,
  OAuth2App,
  OAuth2Token,
  OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import type { StoredToken } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { TOKEN_STORES, type OpenStore } from '../support/stores.js';

const KEY = { name: 'dev', user: 'ada' };
const SECRETS = /first-access|first-refresh/;
const SIGN_IN_AGAIN = {
  error: 'missing_token',
  status: 401,
  message: expect.stringMatching(/issued by another provider or to another client.*Sign in again/),
};

/** The provider of the tokens, and the provider that the client name belongs to afterwards. */
let first: ScriptedProvider;
let next: ScriptedProvider;

beforeEach(async () => {
  first = await startScriptedProvider();
  next = await startScriptedProvider();
  for (const [provider, name] of [
    [first, 'first'],
    [next, 'next'],
  ] as const) {
    provider.on('POST /token', () => ({
      json: { access_token: `${name}-access`, token_type: 'bearer', refresh_token: `${name}-refresh` },
    }));
    provider.on('GET /me', ({ headers }) => ({ json: headers.authorization }));
    for (const path of ['revoke', 'introspect', 'other/token', 'request'])
      provider.on(`POST /${path}`, () => ({ json: {} }));
  }
});

afterEach(async () => {
  await first.close();
  await next.close();
});

function settingsOf({ url }: ScriptedProvider): object {
  return clientOf(
    { url },
    {
      userinfoEndpoint: `${url}/me`,
      revocationEndpoint: `${url}/revoke`,
      introspectionEndpoint: `${url}/introspect`,
      apiBaseUrl: url,
    },
  );
}

async function appOf(settings: object, options: OAuthClientModuleOptions = {}): Promise<OAuth2App> {
  const clients = { dev: settings as ClientRegistration };
  return (await registryWith({ options: { ...options, clients } })).get<OAuth2App>('dev');
}

/** Returns the token of a login at the first provider. */
async function login(settings: object = {}): Promise<OAuth2Token> {
  return (await appOf({ ...settingsOf(first), ...settings })).fetchAccessToken({ code: 'c' });
}

/** Returns everything that the next provider received, as one string. */
function sentToNext(): string {
  return next.requests.map(({ url, headers, body }) => url + JSON.stringify(headers) + body.toString()).join('\n');
}

/** All ways to use a token that is passed to an app. */
function uses(app: OAuth2App, token: OAuth2Token): [what: string, use: () => Promise<unknown>][] {
  return [
    ['an API call with the token', () => app.get('me', { token })],
    ['an API call with the request', () => app.get('me', { request: {} })],
    ['an API call with the user', () => app.get('me', { user: 'ada' })],
    ['userinfo with the token', () => app.userinfo({ token })],
    ['userinfo with the request', () => app.userinfo({ request: { session: {} } })],
    ['revocation', () => app.revokeToken({ token })],
    ['introspection', () => app.introspectToken({ token })],
    ['a refresh', () => app.fetchAccessToken({ grantType: 'refresh_token', token })],
    ['a front-channel logout', () => app.frontchannelLogout({ method: 'GET', query: { iss: 'i', sid: 's' } })],
  ];
}

async function expectRefused(app: OAuth2App, token: OAuth2Token, without: string[] = []): Promise<void> {
  for (const [what, use] of uses(app, token).filter(([what]) => !without.includes(what))) {
    const error = await use().then(
      () => 'nothing',
      (reason: unknown) => reason,
    );
    expect([what, error]).toEqual([what, expect.objectContaining(SIGN_IN_AGAIN)]);
  }
  expect(sentToNext()).not.toMatch(SECRETS);
}

describe.each(TOKEN_STORES)(
  'a client name that is given to another provider, with tokens in %s',
  (_name, run, open) => {
    run('with this store', () => {
      let opened: OpenStore;

      beforeAll(async () => {
        opened = await open();
      });

      afterAll(() => opened.close());

      it('token theft: sends no tokens of the first provider to the next provider', async () => {
        for (const expiry of [{}, { expiresAt: 1 }]) {
          const token = { ...(await login()), ...expiry };
          await opened.store.save(KEY, token);
          const app = await appOf(settingsOf(next), { tokenStore: opened.store, userOf: () => 'ada' });
          await expectRefused(app, token);
          expect((await opened.store.fetch(KEY))?.token).toMatchObject({ accessToken: 'first-access' }); // unchanged
        }
        await opened.store.save(KEY, await (await appOf(settingsOf(next))).fetchAccessToken({ code: 'c' }));
        const app = await appOf(settingsOf(next), { tokenStore: opened.store });
        expect((await app.get('me', { user: 'ada' })).data).toBe('Bearer next-access');
      });

      it('uses a token that is not bound, and binds it at the next refresh', async () => {
        await opened.store.save(KEY, { accessToken: 'old', tokenType: 'bearer', refreshToken: 'old', expiresAt: 1 });
        const app = await appOf(settingsOf(first), { tokenStore: opened.store });
        expect((await app.get('me', { user: 'ada' })).data).toBe('Bearer first-access');
        const { token } = (await opened.store.fetch(KEY))!;
        expect(token).toMatchObject({ issuer: `${first.url}/token`, clientId: 'dev' });
        const stranger = await appOf(settingsOf(next), { tokenStore: opened.store });
        await expect(stranger.get('me', { user: 'ada' })).rejects.toMatchObject(SIGN_IN_AGAIN);
      });

      it('token theft: does not send the client’s own token to the next provider', async () => {
        const machine = { grantType: 'client_credentials', authorizeUrl: undefined };
        const before = await appOf({ ...settingsOf(first), ...machine }, { tokenStore: opened.store });
        expect((await before.get('me')).data).toBe('Bearer first-access');
        const after = await appOf({ ...settingsOf(next), ...machine }, { tokenStore: opened.store });
        expect((await after.get('me')).data).toBe('Bearer next-access');
        expect(sentToNext()).not.toMatch(SECRETS);
      });
    });
  },
);

describe('token binding', () => {
  const lookups: [
    what: string,
    options: (token: OAuth2Token) => OAuthClientModuleOptions,
    client: (token: OAuth2Token) => object,
  ][] = [
    ['fetchToken of the module', (token) => ({ fetchToken: () => token }), () => ({})],
    ['fetchToken of the client', () => ({}), (token) => ({ fetchToken: () => token })],
    ['a SimpleTokenStore', (token) => ({ tokenStore: { fetchToken: () => token } }), () => ({})],
  ];

  it.each(lookups)('token theft: a token from %s is not sent to another provider', async (_what, options, client) => {
    const token = await login();
    const app = await appOf({ ...settingsOf(next), ...client(token) }, options(token));
    await expectRefused(app, token, ['an API call with the user']);
  });

  it.each<[string, object, object]>([
    ['another client at the same provider', {}, { clientId: 'other' }],
    ['another token endpoint', {}, { accessTokenUrl: 'NEXT/token' }],
    ['another refresh endpoint', { refreshTokenUrl: 'FIRST/token' }, { refreshTokenUrl: 'NEXT/token' }],
    ['a refresh endpoint that is new', {}, { refreshTokenUrl: 'NEXT/token' }],
    [
      'another issuer',
      { accessTokenUrl: 'FIRST/token', issuer: 'FIRST', jwksUri: 'FIRST/jwks', allowIssuerImpersonation: true },
      { accessTokenUrl: 'NEXT/token', issuer: 'NEXT', jwksUri: 'NEXT/jwks', allowIssuerImpersonation: true },
    ],
  ])('token theft: a token is not sent by %s', async (_what, before, after) => {
    const at = (settings: object): object =>
      JSON.parse(JSON.stringify(settings).replaceAll('FIRST', first.url).replaceAll('NEXT', next.url)) as object;
    const token = await login(at(before));
    const store = new MemoryTokenStore();
    await store.save(KEY, token);
    const options = { tokenStore: store, userOf: () => 'ada' };
    const same = await appOf({ ...settingsOf(first), ...at(before) }, options);
    expect((await same.get('me', { user: 'ada' })).status).toBe(200);
    const other = await appOf({ ...settingsOf(first), ...at(before), ...at(after) }, options);
    const sent = first.requests.length;
    await expectRefused(other, token);
    expect(first.requests).toHaveLength(sent);
  });

  it('a token is bound to the issuer in the metadata, or to the URL of metadata without an issuer', async () => {
    const metadata = {
      issuer: first.url,
      authorization_endpoint: `${first.url}/authorize`,
      token_endpoint: `${first.url}/token`,
      jwks_uri: `${first.url}/jwks`,
    };
    first.on('GET /.well-known/openid-configuration', () => ({ json: metadata }));
    const found = { clientId: 'dev', clientSecret: 's3cret', allowInsecureHttp: true };
    const byIssuer = await appOf({ ...found, issuer: first.url });
    expect(await byIssuer.fetchAccessToken({ code: 'c' })).toMatchObject({ issuer: first.url, clientId: 'dev' });
    const serverMetadataUrl = `${first.url}/.well-known/openid-configuration`;
    const byMetadata = await appOf({ ...found, serverMetadataUrl });
    expect(await byMetadata.fetchAccessToken({ code: 'c' })).toMatchObject({ issuer: serverMetadataUrl });
  });

  it.each<[string, Partial<StoredToken>]>([
    ['an issuer that is not a string', { issuer: [] as never }],
    ['an empty client id', { clientId: '' }],
    ['an issuer and no client id', { issuer: 'https://other.test/token' }],
  ])('refuses a stored token with %s', async (_what, fields) => {
    const app = await appOf(settingsOf(next));
    const token = { access_token: 'first-access', ...fields } as StoredToken;
    await expect(app.get('me', { token })).rejects.toMatchObject(SIGN_IN_AGAIN);
  });

  it('a stored token whose issuer and client id are null is not bound', async () => {
    const app = await appOf(settingsOf(next));
    const token = { access_token: 'a', issuer: null, clientId: null };
    expect((await app.get('me', { token })).data).toBe('Bearer a');
  });

  it('an OAuth 1 token is not sent to another provider, or by another client', async () => {
    const oauth1 = ({ url }: ScriptedProvider): object => ({
      clientId: 'dev',
      requestTokenUrl: `${url}/request`,
      authorizeUrl: `${url}/authorize`,
      accessTokenUrl: `${url}/token`,
      apiBaseUrl: url,
      allowInsecureHttp: true,
    });
    first.on('POST /token', () => ({ body: 'oauth_token=first-access&oauth_token_secret=s' }));
    const app = (await appOf(oauth1(first))) as unknown as OAuth1App;
    const requestToken = { oauthToken: 't', oauthTokenSecret: 's' };
    const token = await app.fetchAccessToken({ requestToken, verifier: 'v' });
    expect(token).toMatchObject({ issuer: `${first.url}/token`, clientId: 'dev' });
    expect((await app.get('me', { token })).status).toBe(200);
    const store = new MemoryTokenStore();
    await store.save(KEY, token);
    for (const settings of [oauth1(next), { ...oauth1(first), clientId: 'other', apiBaseUrl: next.url }]) {
      const other = await appOf(settings, { tokenStore: store, userOf: () => 'ada' });
      for (const source of [{ token }, { user: 'ada' }, { request: {} }]) {
        await expect(other.get('me', source)).rejects.toMatchObject(SIGN_IN_AGAIN);
      }
    }
    expect(next.requests).toEqual([]);
  });
});
