import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthConfigError, type ClientRegistration, type OAuth2App, type OAuthRegistry } from 'nestjs-oauth-client';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';
import { Browser } from '../support/browser.js';
import { testApp } from '../support/test-app.js';

const AMBIENT = {
  GIT_HUB_CLIENT_ID: 'ourId',
  GIT_HUB_CLIENT_SECRET: 'ourSecret',
  STRIPE_CLIENT_SECRET: 'ourSecret',
  AUTHLIB_OAUTH_CLIENTS: { billing: { ...ENDPOINTS, client_id: 'ourId', client_secret: 'ourSecret' } },
};

describe('secrets of other clients at run-time registration', () => {
  let stranger: ScriptedProvider;
  let registry: OAuthRegistry;

  beforeAll(async () => {
    stranger = await startScriptedProvider();
    stranger.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  });

  afterAll(() => stranger.close());

  beforeEach(async () => {
    stranger.requests.length = 0;
    registry = await registryWith({ settings: AMBIENT });
  });

  function tenant(settings: object = {}): ClientRegistration {
    return {
      clientId: 'tenant',
      authorizeUrl: `${stranger.url}/authorize`,
      accessTokenUrl: `${stranger.url}/token`,
      allowInsecureHttp: true,
      ...settings,
    };
  }

  /** Returns the token request that the token endpoint of the stranger receives. */
  async function sentBy(name: string): Promise<string> {
    await registry.get<OAuth2App>(name).fetchAccessToken({ code: 'c' });
    const { headers, body } = stranger.requests.at(-1)!;
    const basic = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    return `${basic} ${body.toString()}`;
  }

  it.each(['git.hub', 'stripe', 'git-hub'])(
    'a client registered as %s does not read the secret of an environment variable',
    async (name) => {
      registry.register(name, tenant());
      expect(await sentBy(name)).not.toContain('ourSecret');
      registry.unregister(name);
      expect(() => registry.register(name, tenant({ clientId: undefined }))).toThrow(`${name}.client_id: missing`);
    },
  );

  it('a client registered as billing, after the configured client is removed, does not read the settings of billing', async () => {
    expect(() => registry.register('billing', tenant())).toThrow('billing: a client of this name exists');
    registry.register('billing', tenant(), { replace: true });
    expect(await sentBy('billing')).not.toContain('ourSecret');
    registry.unregister('billing');
    registry.register('billing', tenant());
    expect(await sentBy('billing')).not.toContain('ourSecret');
  });

  it.each(['overwrite', 'readSettings', 'replace'])(
    'a tenant’s settings cannot contain the registration option "%s"',
    (option) => {
      const hostile = tenant({ [option]: true });
      expect(() => registry.register('stripe', hostile)).toThrow(
        `stripe.${option}: expected in the options of the call`,
      );
      expect(() => registry.register('billing', hostile)).toThrow(OAuthConfigError);
      expect(registry.names).toEqual(['billing']);
    },
  );

  it('readSettings reads environment variables and settings', async () => {
    registry.register('git.hub', tenant({ clientId: undefined }), { readSettings: true });
    expect(await sentBy('git.hub')).toContain('ourId:ourSecret');
    registry.register('git.hub', tenant(), { replace: true, overwrite: true });
    expect(registry.get('git.hub').clientId).toBe('ourId');
  });

  it.each(['bill.ing', 'BILL-ING', 'bill_ing'])(
    'refuses to register %s beside a client with the same environment variables',
    (name) => {
      registry.register('bill~ing', tenant());
      expect(() => registry.register(name, tenant(), { replace: true })).toThrow(
        `${name}: conflicts with the client "bill~ing"`,
      );
      registry.unregister('bill~ing');
      registry.register(name, tenant());
    },
  );

  it('refuses two configured names with the same environment variables at startup', async () => {
    const clients = { 'my-idp': tenant(), my_idp: tenant(), 'MY.IDP': tenant() };
    await expect(registryWith({ options: { clients } })).rejects.toMatchObject({
      faults: [
        expect.stringMatching(/^my_idp: conflicts with the client "my-idp", .*MY_IDP_CLIENT_SECRET/),
        expect.stringMatching(/^MY\.IDP: conflicts with/),
      ],
    });
  });

  it('a removed client is unknown, and its name can be registered again', () => {
    registry.register('tenant', tenant());
    const app = registry.get('tenant');
    expect(registry.unregister('tenant')).toBe(true);
    expect(registry.unregister('tenant')).toBe(false);
    expect(registry.has('tenant')).toBe(false);
    expect(() => registry.get('tenant')).toThrow('there is no client "tenant"');
    registry.register('tenant', tenant());
    expect(registry.get('tenant')).not.toBe(app);
  });

  it.each(['unregister', 'register'] as const)(
    'shutdown waits for the refreshes of a client after %s()',
    async (how) => {
      let answer = (): void => undefined;
      const reached = new Promise<void>((resolve) => {
        stranger.on('POST /slow', async () => {
          resolve();
          await new Promise<void>((done) => (answer = done));
          return { json: { access_token: 'new', token_type: 'bearer' } };
        });
      });
      const order: string[] = [];
      const updateToken = (): void => void order.push('saved');
      registry.register(
        'tenant',
        tenant({ refreshTokenUrl: `${stranger.url}/slow`, apiBaseUrl: stranger.url, updateToken }),
      );
      stranger.on('GET /me', () => ({ json: {} }));
      const token = { accessToken: 'old', tokenType: 'bearer', refreshToken: 'r', expiresAt: 1 };
      const call = registry.get('tenant').get('/me', { token });
      await reached;
      if (how === 'unregister') registry.unregister('tenant');
      else registry.register('tenant', tenant(), { replace: true });
      const stopped = registry.onModuleDestroy().then(() => order.push('stopped'));
      answer();
      await Promise.all([call, stopped]);
      expect(order).toEqual(['saved', 'stopped']);
    },
  );

  describe('dynamic registration', () => {
    const metadata = { redirect_uris: ['https://app.test/callback'] };

    function dynamic(settings: object = {}): ClientRegistration {
      return tenant({ registrationEndpoint: `${stranger.url}/register`, ...settings });
    }

    beforeEach(() => {
      stranger.on('POST /register', () => ({ status: 201, json: { client_id: 'given' } }));
    });

    it('a dynamically registered client does not read the secret of an environment variable', async () => {
      await registry.registerDynamically('git.hub', dynamic(), metadata);
      expect(await sentBy('git.hub')).not.toContain('ourSecret');
      expect(registry.get('git.hub').clientId).toBe('given');
    });

    it('refuses a name that is taken before it sends a request', async () => {
      for (const name of ['billing', 'BILLING']) {
        await expect(registry.registerDynamically(name, dynamic(), metadata)).rejects.toBeInstanceOf(OAuthConfigError);
      }
      const oauth1 = dynamic({ requestTokenUrl: `${stranger.url}/request` });
      await expect(registry.registerDynamically('old', oauth1, metadata)).rejects.toBeInstanceOf(OAuthConfigError);
      expect(stranger.requests).toEqual([]);
    });

    it('reserves the name while the provider responds, and releases it when the provider refuses', async () => {
      let refuse = (): void => undefined;
      const reached = new Promise<void>((resolve) => {
        stranger.on('POST /register', async () => {
          resolve();
          await new Promise<void>((done) => (refuse = done));
          return { status: 400, json: { error: 'invalid_client_metadata' } };
        });
      });
      const registering = registry.registerDynamically('acme', dynamic(), metadata);
      await reached;
      expect(() => registry.register('acme', tenant(), { replace: true })).toThrow(
        'acme: a client of this name is being',
      );
      expect(() => registry.register('ACME', tenant())).toThrow('ACME: conflicts with the client "acme"');
      refuse();
      await expect(registering).rejects.toMatchObject({ error: 'invalid_client_metadata' });
      registry.register('acme', tenant());
    });
  });

  it.each(['express', 'fastify'] as const)('a route of a removed client responds with 404 on %s', async (platform) => {
    const site = await testApp({ platform });
    try {
      site.registry.register('tenant', tenant());
      const login = `${site.url}/auth/tenant/login`;
      expect((await new Browser().get(login, { follow: false })).status).toBe(302);
      site.registry.unregister('tenant');
      for (const url of [login, `${site.url}/auth/tenant/callback?code=c&state=s`]) {
        const answer = await new Browser().get(url, { follow: false });
        expect([answer.status, answer.json()]).toMatchObject([404, { error: 'unknown_provider' }]);
      }
    } finally {
      await site.close();
    }
  });
});
