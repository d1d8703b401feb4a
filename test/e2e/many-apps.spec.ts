import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { startRoundRobin, type RoundRobin } from '../../sample/cluster/round-robin.js';
import { oauth1ClientOf } from '../providers/client-of.js';
import { startOAuth1Provider, type OAuth1Provider } from '../providers/oauth1-provider.js';
import { registryOfAll } from '../support/all-registries.js';
import { Browser } from '../support/browser.js';
import { describeWithRedis, useRedis } from '../support/engines.js';
import { startSite, type Site } from '../support/openid-site.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

type Platform = TestAppOptions['platform'];

/** Tests of two apps without sessions, behind a proxy that alternates between them. */
function wholeLogins(state: () => Pick<TestAppOptions, 'state' | 'encryptionKeys'>, platforms: Platform[]): void {
  let oauth1: OAuth1Provider;
  let apps: TestApp[];
  let proxy: RoundRobin;
  let site: Site;

  beforeAll(async () => {
    proxy = await startRoundRobin();
    const url = `http://127.0.0.1:${proxy.port}`;
    oauth1 = await startOAuth1Provider({ consumers: [{ key: 'app', secret: 'secret' }] });
    const chirp = oauth1ClientOf(oauth1, { clientId: 'app', clientSecret: 'secret' });
    apps = [];
    for (const platform of platforms) {
      apps.push(await testApp({ ...state(), platform, baseUrl: url, clients: { chirp } }));
    }
    proxy.targets = apps.map(({ url }) => url);
    site = await startSite({
      app: { url, registry: registryOfAll(apps), close: async () => {} },
      clients: (url) => ({
        harbour: { metadata: { post_logout_redirect_uris: [`${url}/auth/harbour/signed-out`] } },
        plain: { settings: { clientKwargs: { scope: 'profile', codeChallengeMethod: 'S256' } } },
        posted: { settings: { authorizeParams: { response_mode: 'form_post' } } },
        hybrid: {
          metadata: { response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'] },
          settings: { authorizeParams: { response_type: 'code id_token', response_mode: 'form_post' } },
        },
      }),
    });
  });

  afterAll(async () => {
    await site.close();
    await oauth1.close();
    await proxy.close();
    for (const app of apps) await app.close();
  });

  it('signs in with OAuth 1', async () => {
    const browser = new Browser();
    const page = await browser.allow(await browser.get(`${site.url}/auth/chirp/login?next=/timeline`));
    expect(page.json()).toMatchObject({ token: { screen_name: 'ada' }, returnTo: '/timeline' });
    expect(browser.jar.getCookiesSync(site.url)).toEqual([]);
  });

  it.each(['plain', 'harbour', 'posted', 'hybrid'])('signs in with the OAuth 2 client "%s"', async (name) => {
    const browser = new Browser();
    const { page } = await site.signIn(name, { browser, query: { next: '/account' } });
    expect(page.json()).toMatchObject({ token: { accessToken: expect.any(String) }, returnTo: '/account' });
    expect(browser.jar.getCookiesSync(site.url)).toEqual([]);
  });

  it('signs out', async () => {
    const browser = new Browser();
    const { token } = await site.signIn('harbour', { browser });
    const form = await browser.get(`${site.url}/auth/harbour/logout?next=/bye&idTokenHint=${token.idToken}`);
    const page = await browser.submit(form, { logout: 'yes' });
    expect(page.json()).toEqual({ returnTo: '/bye' });
  });
}

describe.each<Platform[]>([
  ['express', 'fastify'],
  ['fastify', 'express'],
])('a login that begins on %s and finishes on %s', (...platforms) => {
  describe('with state in a cookie and a shared key', () => {
    const encryptionKeys = Buffer.alloc(32, 1).toString('base64');
    wholeLogins(() => ({ state: 'cookie', encryptionKeys }), platforms);
  });

  describeWithRedis('with state in a shared Redis', () => {
    const redis = useRedis();
    wholeLogins(() => ({ state: new RedisStateStore(redis.client, redis) }), platforms);
  });
});
