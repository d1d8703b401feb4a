import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { OAuth2Token } from 'nestjs-oauth-client';
import { EncryptedTokenStore, type TokenStore } from 'nestjs-oauth-client/stores';
import { startRoundRobin, type RoundRobin } from '../../sample/cluster/round-robin.js';
import { oauth1ClientOf } from '../providers/client-of.js';
import { startOAuth1Provider, type OAuth1Provider } from '../providers/oauth1-provider.js';
import { registryOfAll } from '../support/all-registries.js';
import { Browser } from '../support/browser.js';
import { describeWithPostgres, describeWithRedis } from '../support/engines.js';
import { startSite, type Site } from '../support/openid-site.js';
import { openEngine, type EngineName, type SharedEngine } from '../support/stores.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { ApiController, TOKENS, userOf, UsersController } from './users.controller.js';

const KEY = Buffer.alloc(32, 1).toString('base64');
const RESOURCE = 'https://orders.test/';
const ADA = { sub: '1815', name: 'Ada Lovelace', email: 'ada@example.org' };

const RESOURCES = {
  enabled: true,
  getResourceServerInfo: (_context: unknown, audience: string) => ({
    scope: 'openid profile email',
    audience,
    accessTokenFormat: 'opaque' as const,
  }),
};

/** Grants every requested scope and resource. */
async function grantAll({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
  grant.addOIDCScope('openid profile email');
  grant.addResourceScope(RESOURCE, 'openid profile email');
  await grant.save();
  return grant;
}

/** Tests of two apps behind a proxy that alternates between them. They run with each choice of servers. */
function wholeLogins(sessionsIn: EngineName, tokensIn: EngineName, sealed: (store: TokenStore) => TokenStore): void {
  let engines: SharedEngine[];
  let apps: TestApp[];
  let tokens: TokenStore;
  let proxy: RoundRobin;
  let chirp: OAuth1Provider;
  let site: Site;

  beforeAll(async () => {
    engines = [await openEngine(sessionsIn), await openEngine(tokensIn)];
    const [forSessions, forTokens] = engines as [SharedEngine, SharedEngine];
    tokens = sealed(await forTokens.tokens());
    proxy = await startRoundRobin();
    const baseUrl = `http://127.0.0.1:${proxy.port}`;
    chirp = await startOAuth1Provider({ consumers: [{ key: 'app', secret: 'secret' }] });
    const clients = {
      chirp: oauth1ClientOf(chirp, { clientId: 'app', clientSecret: 'secret' }),
    };
    apps = [];
    for (let count = 0; count < 2; count++) {
      const tokenStore = sealed(await forTokens.tokens());
      const app = await testApp({
        baseUrl,
        clients,
        session: { store: await forSessions.sessions() },
        tokenStore,
        userOf,
        controllers: [UsersController, ApiController],
        providers: [{ provide: TOKENS, useValue: tokenStore }],
      });
      apps.push(app);
    }
    proxy.targets = apps.map(({ url }) => url);
    site = await startSite({
      app: { url: baseUrl, registry: registryOfAll(apps), close: async () => {} },
      clients: (url) => ({
        harbour: {
          metadata: { dpop_bound_access_tokens: true, post_logout_redirect_uris: [`${url}/auth/harbour/signed-out`] },
          settings: { dpopBoundAccessTokens: true },
        },
      }),
      configuration: { features: { resourceIndicators: RESOURCES }, loadExistingGrant: grantAll },
    });
  }, 30_000);

  afterAll(async () => {
    await site.close();
    for (const app of apps) await app.close();
    await chirp.close();
    await proxy.close();
    for (const engine of engines) await engine.close();
  });

  async function harbourToken(): Promise<OAuth2Token> {
    return (await tokens.fetch({ name: 'harbour', user: ADA.sub }))?.token as OAuth2Token;
  }

  async function eachCalls(browser: Browser, path: string): Promise<unknown[]> {
    const url = `${site.url}/api/${path}`;
    return [(await browser.get(url)).json(), (await browser.get(url)).json()];
  }

  it('signs in with OAuth 1, and calls the API from both apps', async () => {
    const browser = new Browser();
    const end = await browser.allow(await browser.get(`${site.url}/auth/chirp/login?next=/timeline`));
    expect(end.json()).toEqual({ user: 'ada', returnTo: '/timeline' });
    const ada = expect.objectContaining({ screen_name: 'ada' });
    expect(await eachCalls(browser, 'chirp/me')).toEqual([ada, ada]);
  });

  it('signs in with OpenID Connect and DPoP, and keeps the DPoP key and the resource when it refreshes', async () => {
    const browser = new Browser();
    const { page } = await site.authorize('harbour', { browser, query: { next: '/orders', resource: RESOURCE } });
    expect(page.json()).toEqual({ user: ADA.sub, returnTo: '/orders' });
    expect(await eachCalls(browser, 'harbour/api/me')).toEqual([ADA, ADA]);

    const before = await harbourToken();
    expect(before).toMatchObject({ tokenType: 'dpop', resource: [RESOURCE], dpopKey: { kty: 'EC' } });
    await tokens.save({ name: 'harbour', user: ADA.sub }, { ...before, expiresAt: 1 });
    expect(await eachCalls(browser, 'harbour/api/me')).toEqual([ADA, ADA]);
    expect(site.seenAt('token').map(({ sent }) => [sent.grant_type, sent.resource])).toEqual([
      ['authorization_code', RESOURCE],
      ['refresh_token', RESOURCE],
    ]);

    const { accessToken, refreshToken, idToken, expiresAt, ...kept } = await harbourToken();
    expect(kept).toEqual(expect.objectContaining({ dpopKey: before.dpopKey, resource: [RESOURCE], tokenType: 'dpop' }));
    expect(accessToken).not.toBe(before.accessToken);
    expect(refreshToken).not.toBe(before.refreshToken);
    expect(decodeJwt(idToken ?? '').sub).toBe(ADA.sub);
    expect(expiresAt).toBeGreaterThan(Date.now() / 1000);
  });

  it('signs out with the saved id_token', async () => {
    const browser = new Browser();
    await site.authorize('harbour', { browser });
    const form = await browser.get(`${site.url}/auth/harbour/logout`);
    const hint = new URL(form.url).searchParams.get('id_token_hint');
    expect(decodeJwt(hint ?? '').sub).toBe(ADA.sub);
    expect((await browser.submit(form, { logout: 'yes' })).json()).toEqual({ returnTo: '/bye' });
    expect(await harbourToken()).toBeUndefined();
    const refused = expect.objectContaining({ error: 'missing_token' });
    expect(await eachCalls(browser, 'harbour/api/me')).toEqual([refused, refused]);
  });
}

const plain = (store: TokenStore): TokenStore => store;
const sealed = (store: TokenStore): TokenStore => new EncryptedTokenStore(store, KEY);

describe('two apps behind a proxy', () => {
  describeWithRedis('with sessions and tokens in Redis', () => wholeLogins('Redis', 'Redis', plain));

  describeWithPostgres('with sessions and tokens in PostgreSQL', () => wholeLogins('PostgreSQL', 'PostgreSQL', plain));

  describeWithRedis('with sessions in Redis', () => {
    describeWithPostgres('and encrypted tokens in PostgreSQL', () => wholeLogins('Redis', 'PostgreSQL', sealed));
  });

  describeWithPostgres('with sessions in PostgreSQL', () => {
    describeWithRedis('and encrypted tokens in Redis', () => wholeLogins('PostgreSQL', 'Redis', sealed));
  });
});
