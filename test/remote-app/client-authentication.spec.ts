import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClientRegistration, OAuth2App, OAuthError } from 'nestjs-oauth-client';
import { formEncoded } from '../../lib/config/client-auth-methods.js';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { newKey, privateJwk } from '../support/keys.js';
import { testApp, type TestApp } from '../support/test-app.js';

const KEY = privateJwk(newKey('P-256'));

describe('client authentication', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer' } }));
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  /** Returns a client of a provider whose metadata list these methods. */
  async function start(
    listed: unknown,
    { clientKwargs, ...settings }: Record<string, unknown> = {},
  ): Promise<OAuth2App> {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: metadataOf(provider, {
        revocation_endpoint: `${provider.url}/token`,
        ...(listed !== undefined && { token_endpoint_auth_methods_supported: listed }),
      }),
    }));
    const dev = {
      clientId: 'dev-id',
      clientSecret: 'dev_secret',
      issuer: provider.url,
      grantType: 'client_credentials',
      clientKwargs,
      ...settings,
    } as ClientRegistration;
    app = await testApp({ clients: { dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  function ask(dev: OAuth2App): Promise<unknown> {
    return dev.fetchAccessToken({ grantType: 'client_credentials' });
  }

  async function failure(dev: OAuth2App): Promise<OAuthError> {
    return (await ask(dev).catch((error: unknown) => error)) as OAuthError;
  }

  function methodOf({ headers, body }: ReceivedRequest): string {
    const form = new URLSearchParams(body.toString());
    if (headers.authorization?.startsWith('Basic ')) return 'client_secret_basic';
    if (form.has('client_secret')) return 'client_secret_post';
    const header = form.get('client_assertion')?.split('.')[0] ?? '';
    if (header === '') return 'none';
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string };
    return alg === 'HS256' ? 'client_secret_jwt' : 'private_key_jwt';
  }

  const sent = (): string[] => provider.requests.filter(({ path }) => path === '/token').map(methodOf);

  it.each<[string, unknown, object, string]>([
    ['no list', undefined, {}, 'client_secret_basic'],
    ['an empty list', [], {}, 'client_secret_basic'],
    ['a string', 'client_secret_post', {}, 'client_secret_basic'],
    ['only client_secret_post', ['client_secret_post'], {}, 'client_secret_post'],
    ['client_secret_post among unknown entries', ['future', 7, 'client_secret_post'], {}, 'client_secret_post'],
    ['both ways to send the secret', ['client_secret_post', 'client_secret_basic'], {}, 'client_secret_basic'],
    ['only client_secret_jwt', ['client_secret_jwt'], {}, 'client_secret_jwt'],
    ['only private_key_jwt, for a client with a key', ['private_key_jwt'], { privateKeys: KEY }, 'private_key_jwt'],
    ['only private_key_jwt, for a client without a key', ['private_key_jwt'], {}, 'client_secret_basic'],
    ['only none', ['none'], {}, 'client_secret_basic'],
    ['only unknown methods', ['future'], {}, 'client_secret_basic'],
    ['a method for a client without a secret', ['client_secret_post'], { clientSecret: undefined }, 'none'],
    [
      'none, for a client without a secret',
      ['none', 'private_key_jwt'],
      { clientSecret: undefined, privateKeys: KEY },
      'none',
    ],
  ])(
    'selects the method from metadata that have %s, when the settings have no method',
    async (_, listed, settings, method) => {
      const dev = await start(listed, { ...settings });
      await ask(dev);
      expect(sent()).toEqual([method]);
    },
  );

  it('uses the method in the settings, whatever the metadata list', async () => {
    const kwargs = { tokenEndpointAuthMethod: 'client_secret_basic' };
    await ask(await start(['client_secret_post'], { clientKwargs: kwargs }));
    expect(sent()).toEqual(['client_secret_basic']);
  });

  it('uses one method at every endpoint', async () => {
    const dev = await start(['client_secret_post']);
    provider.on('POST /token', () => ({ status: 200, body: '' }));
    await dev.revokeToken({ token: { accessToken: 'a', tokenType: 'bearer' } });
    expect(sent()).toEqual(['client_secret_post']);
  });

  describe('the error when the provider refuses the client', () => {
    const REFUSAL = { status: 401, json: { error: 'invalid_client', error_description: 'unknown client.' } };

    beforeEach(() => provider.on('POST /token', () => REFUSAL));

    it('names the method, the methods in the metadata, and the setting to change', async () => {
      const kwargs = { tokenEndpointAuthMethod: 'client_secret_basic' };
      const error = await failure(await start(['client_secret_post', 'private_key_jwt'], { clientKwargs: kwargs }));
      expect(error).toMatchObject({
        error: 'invalid_client',
        description:
          "unknown client. The client used client_secret_basic, and the provider's metadata lists client_secret_post, " +
          'private_key_jwt. Change client_kwargs.token_endpoint_auth_method',
      });
    });

    it('reports a client without credentials', async () => {
      const error = await failure(await start(['client_secret_basic'], { clientSecret: undefined }));
      expect(error.description).toContain('The client has no credentials');
      expect(error.description).toContain('Set client_secret');
    });

    it('names the setting to change for a response that is not JSON', async () => {
      provider.on('POST /token', () => ({ status: 401, body: 'no', headers: { 'content-type': 'text/html' } }));
      const kwargs = { tokenEndpointAuthMethod: 'client_secret_basic' };
      const error = await failure(await start(['client_secret_post'], { clientKwargs: kwargs }));
      expect(error.description).toMatch(/answered 401 .*lists client_secret_post\. Change client_kwargs/);
    });

    it.each(['p@ss:word-1', 'a+b/c=defg', 'pass word', 'äöü-secret'])(
      'suggests client_secret_post when the secret has characters that are encoded: %s',
      async (clientSecret) => {
        const { description = '' } = await failure(await start(undefined, { clientSecret }));
        expect(description).toContain('set client_kwargs.token_endpoint_auth_method to client_secret_post');
        expect(description).not.toContain(clientSecret);
      },
    );

    it('suggests client_secret_post when the client id has characters that are encoded', async () => {
      const { description } = await failure(await start(undefined, { clientId: 'app@example.com' }));
      expect(description).toContain('to client_secret_post');
    });

    it('suggests nothing when no setting would help', async () => {
      expect((await failure(await start(['client_secret_basic']))).description).toBe('unknown client.');
      await app?.close();
      const post = { tokenEndpointAuthMethod: 'client_secret_post' };
      const dev = await start(undefined, { clientSecret: 'p@ss', clientKwargs: post });
      expect((await failure(dev)).description).toBe('unknown client.');
    });

    it('suggests nothing for another error', async () => {
      provider.on('POST /token', () => ({ status: 400, json: { error: 'invalid_scope', error_description: 'no' } }));
      expect((await failure(await start(undefined, { clientSecret: 'p@ss' }))).description).toBe('no');
    });

    it('does not repeat a secret that the provider quotes, encoded or not', async () => {
      const clientSecret = 'p@ss word/1234567';
      provider.on('POST /token', () => ({
        status: 401,
        json: { error: 'invalid_client', error_description: `got ${clientSecret} and ${formEncoded(clientSecret)}` },
      }));
      const error = await failure(await start(undefined, { clientSecret }));
      expect(error.description).not.toContain(clientSecret);
      expect(error.description).not.toContain(formEncoded(clientSecret));
    });
  });

  it('client_secret_basic does not encode - _ . ~, for servers that compare without decoding', async () => {
    await ask(await start(undefined, { clientId: 'my-app_1.x~y', clientSecret: 's-e_c.r~et' }));
    const { headers } = provider.requests.find(({ path }) => path === '/token')!;
    const [, credentials = ''] = headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(credentials, 'base64').toString()).toBe('my-app_1.x~y:s-e_c.r~et');
  });

  it('client_secret_basic encodes any secret so that a server can decode it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        const encoded = formEncoded(secret);
        expect(encoded).toMatch(/^[\x21-\x7e]*$/);
        expect(encoded).not.toContain(':');
        expect(new URLSearchParams(`secret=${encoded}`).get('secret')).toBe(secret);
      }),
    );
  });
});
