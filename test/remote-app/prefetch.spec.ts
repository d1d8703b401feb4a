import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bareResponse } from '../support/bare-response.js';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { Page } from '../support/browser.js';
import { hasChromium, launchChromium } from '../support/chromium.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

/** Headers that browsers send with a prefetch. */
const PREFETCHES: Record<string, string>[] = [
  { 'Sec-Purpose': 'prefetch' },
  { 'Sec-Purpose': 'prefetch;prerender' },
  { 'Sec-Purpose': 'prefetch;anonymous-client-ip' },
  { 'Sec-Purpose': 'prefetch', Purpose: 'prefetch' },
  { Purpose: 'prefetch' },
  { 'X-Moz': 'prefetch' },
  { 'X-Purpose': 'preview' },
  { 'X-Purpose': 'Preview' },
];

const STATES: Pick<TestAppOptions, 'state' | 'encryptionKeys'>[] = [
  { state: 'session' },
  { state: 'cookie', encryptionKeys: Buffer.alloc(32, 1).toString('base64') },
];

describe.each(['express', 'fastify'] as const)('a prefetch of the browser, on %s', (platform) => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start(options: TestAppOptions = {}): Promise<void> {
    const dev = clientOf(provider, { endSessionEndpoint: `${provider.url}/end` });
    const old = oauth1ClientOf(provider);
    app = await testApp({ platform, clients: { dev, old }, ...options });
  }

  /** Begins a login or a logout, and returns its callback URL. */
  async function begin(client: 'dev' | 'old', step: 'login' | 'logout' = 'login'): Promise<string> {
    const { state } = await visitor[step](client);
    if (step === 'logout') return `${app.url}/auth/dev/signed-out?state=${state}`;
    return client === 'dev'
      ? `${app.url}/auth/dev/callback?code=c&state=${state}`
      : `${app.url}/auth/old/callback?oauth_token=rt&oauth_verifier=v`;
  }

  function expectRefused({ status, headers, json }: Page): void {
    expect([status, headers.get('cache-control')]).toEqual([503, 'no-store']);
    expect(headers.getSetCookie().filter((cookie) => cookie.includes('oauth_'))).toEqual([]);
    expect(json()).toMatchObject({ error: 'prefetch_refused' });
  }

  describe.each(STATES)('with logins in the $state', (options) => {
    it.each(PREFETCHES)('a prefetch does not use up the callback of a login: %j', async (headers) => {
      await start(options);
      for (const client of ['dev', 'old'] as const) {
        const callback = await begin(client);
        const asked = provider.requests.length;
        expectRefused(await visitor.get(callback, { headers }));
        expect(provider.requests).toHaveLength(asked);
        expect((await visitor.get(callback)).status).toBe(200);
      }
    });

    it.each(PREFETCHES)('a prefetch does not use up the callback of a logout: %j', async (headers) => {
      await start(options);
      const callback = await begin('dev', 'logout');
      expectRefused(await visitor.get(callback, { headers }));
      expect((await visitor.get(callback)).json()).toEqual({ returnTo: '/' });
    });

    it('a HEAD request does not use up a callback', async () => {
      await start(options);
      for (const callback of [await begin('dev'), await begin('old'), await begin('dev', 'logout')]) {
        const asked = provider.requests.length;
        expect((await visitor.request('HEAD', callback)).status).toBe(400);
        expect(provider.requests).toHaveLength(asked);
        expect((await visitor.get(callback)).status).toBe(200);
      }
    });

    it.each(['dev/login', 'old/login', 'dev/logout'])('a prefetch begins nothing at %s', async (route) => {
      await start(options);
      for (const headers of PREFETCHES) expectRefused(await visitor.get(`${app.url}/auth/${route}`, { headers }));
      expect(provider.requests).toEqual([]);
    });
  });

  it('accepts navigations whose headers have other values', async () => {
    await start();
    const visits: Record<string, string>[] = [{ Purpose: '' }, { 'X-Purpose': 'x' }, { 'Sec-Purpose': 'prefetching' }];
    for (const headers of visits) {
      expect((await visitor.get(await begin('dev'), { headers })).status).toBe(200);
    }
  });

  it('the methods of an app refuse a prefetch', async () => {
    await start();
    const client = app.registry.get('dev');
    const request = { method: 'GET', headers: { 'sec-purpose': 'prefetch' }, query: { code: 'c', state: 's' } };
    const refusal = { error: 'prefetch_refused' };
    await expect(client.authorizeAccessToken(request, bareResponse())).rejects.toMatchObject(refusal);
    await expect(client.completeLogin(request, bareResponse())).rejects.toMatchObject(refusal);
    await expect(client.authorizeRedirect(request, bareResponse(), 'https://app.test/callback')).rejects.toMatchObject(
      refusal,
    );
  });

  (hasChromium ? it : it.skip)(
    'a prefetch does not use up the callback of the click that follows, in Chromium',
    async () => {
      await start();
      provider.on('GET /authorize', ({ url }) => {
        const query = new URL(url, provider.url).searchParams;
        const callback = `${query.get('redirect_uri')}?code=c&state=${query.get('state')}`;
        const rules = { prefetch: [{ source: 'list', urls: [callback], eagerness: 'immediate' }] };
        const script = `<script type="speculationrules">${JSON.stringify(rules)}</script>`;
        return { headers: { 'content-type': 'text/html' }, body: `${script}<a href="${callback}">Continue</a>` };
      });
      const chromium = await launchChromium();
      try {
        const page = await (await chromium.newContext()).newPage();
        const prefetched = page.context().waitForEvent('response', (response) => response.status() === 503);
        await page.goto(`${app.url}/auth/dev/login`);
        await prefetched;
        await page.getByRole('link', { name: 'Continue' }).click();
        await page.waitForURL(/callback/);
        expect(await page.innerText('body')).toContain('"accessToken":"a"');
      } finally {
        await chromium.close();
      }
    },
  );
});
