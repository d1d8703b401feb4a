import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ComplianceFix, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { hmacOf, signatureOf, startShopifyProvider, type ShopifyProvider } from '../providers/shopify-provider.js';
import type { Page } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const SECRET = 'shpss_0123456789abcdef';

/** Sends the token as Shopify's API expects it. */
const shopifyToken: ComplianceFix = (session) =>
  session.registerComplianceHook('protected_request', (request) => {
    const { authorization = '', ...headers } = request.headers;
    return { ...request, headers: { ...headers, 'x-shopify-access-token': authorization.replace(/^Bearer /, '') } };
  });

describe.each(['express', 'fastify'] as const)('a login at a Shopify shop, on %s', (platform) => {
  let shopify: ShopifyProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    shopify = await startShopifyProvider('key', SECRET);
    const shop = {
      clientId: 'key',
      clientSecret: SECRET,
      authorizeUrl: `${shopify.url}/admin/oauth/authorize`,
      accessTokenUrl: `${shopify.url}/admin/oauth/access_token`,
      apiBaseUrl: `${shopify.url}/admin/api/`,
      callbackSignature: 'shopify' as const,
      callbackParameters: ['shop'],
      complianceFix: shopifyToken,
      codeChallengeMethod: 'none' as const,
      clientKwargs: {
        scope: 'read_products,write_orders',
        tokenEndpointAuthMethod: 'client_secret_post',
      },
    };
    const { callbackSignature: _, ...unsigned } = shop;
    app = await testApp({ platform, exposeErrors: true, clients: { shop, unsigned } });
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await shopify.close();
  });

  const now = (): string => String(Math.floor(Date.now() / 1000));

  /** Begins a login, and returns the parameters of its callback without a signature. */
  async function begin(changes: Record<string, string> = {}): Promise<Record<string, string>> {
    const { state } = await visitor.login('shop');
    return { code: 'c0de', host: 'YWRtaW4', shop: shopify.shop, state, timestamp: now(), ...changes };
  }

  function signed(parameters: Record<string, string>, secret = SECRET): string {
    return new URLSearchParams({ ...parameters, hmac: signatureOf(parameters, secret) }).toString();
  }

  /** Expects that a callback was refused before its code was used, and that its login is over. */
  async function expectRefused(query: string, description = /no valid "hmac" parameter/): Promise<void> {
    const page = await visitor.callback(query, 'shop');
    expect([page.status, page.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    expect((page.json() as { error_description: string }).error_description).toMatch(description);
    expect(shopify.seen.map(({ path }) => path)).not.toContain('/admin/oauth/access_token');
    const again = await visitor.callback(query, 'shop');
    expect([again.status, again.text.includes('state')]).toEqual([400, true]);
  }

  /** Expects that the signature is accepted: the code, which the shop does not know, is sent to the shop. */
  function expectAccepted(page: Page): void {
    expect(page.json()).toMatchObject({ error: 'invalid_request' });
    expect(shopify.seen.at(-1)).toMatchObject({ path: '/admin/oauth/access_token', parameters: { code: 'c0de' } });
  }

  it('checks the signature, fetches the token, and calls the API', async () => {
    const page = await visitor.visit('shop/login');
    expect(page.status).toBe(200);
    const { token } = page.json() as { token: OAuth2Token };
    expect(token).toMatchObject({ scope: 'read_products,write_orders', shop: shopify.shop });
    const { data } = await app.registry.get<OAuth2App>('shop').get('shop.json', { token });
    expect(data).toEqual({ shop: { id: 1, domain: shopify.shop } });
  });

  it('does not check the signature without the setting', async () => {
    const { state } = await visitor.login('unsigned');
    expectAccepted(await visitor.callback({ code: 'c0de', state }, 'unsigned'));
  });

  it('reports that the user declined, without a signature', async () => {
    const { state } = await visitor.login('shop');
    const page = await visitor.callback({ error: 'access_denied', state }, 'shop');
    expect(page.json()).toMatchObject({ error: 'access_denied' });
  });

  it("accepts the example of Shopify's documentation", () => {
    const parameters = {
      code: '0907a61c0c8d55e99db179b68161bc00',
      shop: 'some-shop.myshopify.com',
      state: '0.6784241404160823',
      timestamp: '1337178173',
    };
    const documented = '700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf';
    expect(signatureOf(parameters, 'hush')).toBe(documented); // the shop of these tests signs as Shopify does
  });

  it('accepts parameters that it does not know, if they are signed', async () => {
    expectAccepted(await visitor.callback(signed(await begin({ session: 'x', locale: 'en', empty: '' })), 'shop'));
  });

  it('accepts a signed callback whose names and values have delimiters', async () => {
    const { code, host, shop, state, timestamp } = await begin();
    const text = `a%253D%3D=1=2&b=x%26y%2525&code=${code}&host=${host}&shop=${shop}&state=${state}&timestamp=${timestamp}`;
    const query = new URLSearchParams({ code, host, shop, state, timestamp, 'a%3D=': '1=2', b: 'x&y%25' } as Record<
      string,
      string
    >);
    query.set('hmac', hmacOf(text, SECRET));
    expectAccepted(await visitor.callback(query.toString(), 'shop'));
  });

  it.each([
    [['1', '2'], '["1", "2"]'],
    [['1'], '["1"]'],
  ])('accepts a signed array %j', async (ids, written) => {
    const { code, host, shop, state, timestamp } = await begin();
    const text = `code=${code}&host=${host}&ids=${written}&shop=${shop}&state=${state}&timestamp=${timestamp}`;
    const query = new URLSearchParams({ code, host, shop, state, timestamp, hmac: hmacOf(text, SECRET) } as Record<
      string,
      string
    >);
    for (const id of ids) query.append('ids[]', id);
    expectAccepted(await visitor.callback(query.toString(), 'shop'));
  });

  it('forged callback: refuses a callback without a signature, or with an empty one', async () => {
    await expectRefused(new URLSearchParams(await begin()).toString());
    await expectRefused(new URLSearchParams(await begin({ hmac: '' })).toString());
  });

  it('forged callback: refuses a signature with another secret, or with an empty one', async () => {
    for (const secret of ['other', '', 'undefined', 'key']) await expectRefused(signed(await begin(), secret));
  });

  it.each(['code', 'host', 'shop', 'timestamp'])(
    'forged callback: refuses a callback whose %s was changed',
    async (name) => {
      const parameters = await begin();
      const query = new URLSearchParams(signed(parameters));
      query.set(name, name === 'timestamp' ? String(Number(now()) + 1) : 'changed');
      await expectRefused(query.toString());
    },
  );

  it('forged callback: refuses a callback to which a parameter was added, or from which one was removed', async () => {
    await expectRefused(`${signed(await begin())}&admin=1`);
    const query = new URLSearchParams(signed(await begin()));
    query.delete('host');
    await expectRefused(query.toString());
  });

  it('parameter smuggling: refuses a value that hides another parameter', async () => {
    // the signed text of { code: 'c0de', host: 'x&shop=...' } must not be that of { code, host, shop }
    const { code, shop, state, timestamp } = await begin();
    const text = `code=${code}&host=x&shop=evil.test&shop=${shop}&state=${state}&timestamp=${timestamp}`;
    const query = { code, state, timestamp, shop, host: 'x&shop=evil.test', hmac: hmacOf(text, SECRET) };
    await expectRefused(new URLSearchParams(query as Record<string, string>).toString());
  });

  it.each(['code', 'state', 'shop', 'timestamp', 'hmac', 'host'])(
    'duplicate parameters: refuses a callback with %s twice, also with one value',
    async (name) => {
      for (const value of ['other', undefined]) {
        const query = new URLSearchParams(signed(await begin()));
        query.append(name, value ?? query.get(name) ?? '');
        const page = await visitor.callback(query.toString(), 'shop');
        expect([page.status, page.json()]).toMatchObject([400, { error: 'invalid_request' }]);
      }
      expect(shopify.seen.map(({ path }) => path)).not.toContain('/admin/oauth/access_token');
    },
  );

  it('refuses a signature in another form than lower-case hexadecimal digits', async () => {
    for (const change of [
      (hmac: string) => hmac.toUpperCase(),
      (hmac: string) => `${hmac} `,
      (hmac: string) => `0x${hmac}`,
      (hmac: string) => hmac.slice(0, 63),
      (hmac: string) => `${hmac}00`,
      (hmac: string) => Buffer.from(hmac, 'hex').toString('base64'),
      () => 'g'.repeat(64),
      () => 'é'.repeat(32),
    ]) {
      const parameters = await begin();
      const hmac = change(signatureOf(parameters, SECRET));
      await expectRefused(new URLSearchParams({ ...parameters, hmac }).toString());
    }
  });

  it('replay: refuses a signed callback that is more than an hour old, or from the future', async () => {
    const seconds = Number(now());
    for (const timestamp of [seconds - 3700, seconds + 3700, 0]) {
      await expectRefused(
        signed(await begin({ timestamp: String(timestamp) })),
        /not signed within the last 3600 seconds/,
      );
    }
    for (const timestamp of ['', '-1', '1e9', `${seconds}.5`, 'NaN', '9'.repeat(400)]) {
      await expectRefused(signed(await begin({ timestamp })), /not signed within the last 3600 seconds/);
    }
    expectAccepted(await visitor.callback(signed(await begin({ timestamp: String(seconds - 3500) })), 'shop'));
  });

  it('refuses a signed callback without a timestamp', async () => {
    const { timestamp: _, ...parameters } = await begin();
    await expectRefused(signed(parameters), /not signed within/);
  });

  it('shop mix-up: refuses the signed callback of another shop', async () => {
    for (const shop of [
      'evil.myshopify.com',
      `${shopify.shop}.evil.test`,
      `evil.test/${shopify.shop}`,
      '127.0.0.1',
      '',
      `${shopify.shop}/`,
    ]) {
      await expectRefused(signed(await begin({ shop })), /the callback is from the shop/);
    }
    const { shop: _, ...parameters } = await begin();
    await expectRefused(signed(parameters), /the callback is from the shop nobody/);
  });

  it('does not use the signature before the state is checked', async () => {
    const parameters = await begin({ state: 'of-another-browser' });
    const page = await visitor.callback(signed(parameters), 'shop');
    expect(page.json()).toMatchObject({ error: 'mismatching_state' });
  });

  it('never shows the secret or the signature in an error', async () => {
    const parameters = await begin({ shop: 'evil.test' });
    const page = await visitor.callback(signed(parameters), 'shop');
    expect(page.text).not.toContain(SECRET);
    expect(page.text).not.toContain(signatureOf(parameters, SECRET));
  });
});

describe('callback_signature', () => {
  const CLIENT = {
    client_id: 'key',
    authorize_url: 'https://a.myshopify.com/admin/oauth/authorize',
    access_token_url: 'https://a.myshopify.com/admin/oauth/access_token',
    callback_signature: 'shopify',
  };

  it.each([{}, { client_secret: '' }, { client_secret: null }])('requires a client secret, not %j', async (secret) => {
    const registry = registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { shop: { ...CLIENT, ...secret } } } });
    await expect(registry).rejects.toThrow('shop.client_secret: missing; callback_signature is checked with it');
  });

  it('refuses an unknown kind of signature', async () => {
    const settings = { ...CLIENT, client_secret: 's', callback_signature: 'none' };
    const registry = registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { shop: settings } } });
    await expect(registry).rejects.toThrow('shop.callback_signature: expected shopify');
  });
});
