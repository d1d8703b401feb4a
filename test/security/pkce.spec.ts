import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuth2App } from 'nestjs-oauth-client';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

const CONFIDENTIAL = { ...ENDPOINTS, client_id: 'id', client_secret: 'secret' };
const PUBLIC = { ...ENDPOINTS, client_id: 'id' };
const ON = { code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256' };

async function parametersOf(dev: object): Promise<object> {
  const registry = await registryWith({ options: { clients: { dev } } });
  const { url, codeVerifier } = await registry.get<OAuth2App>('dev').createAuthorizationUrl('https://app.test/cb');
  const { code_challenge, code_challenge_method } = Object.fromEntries(new URL(url).searchParams);
  expect(codeVerifier === undefined).toBe(code_challenge === undefined);
  return { code_challenge, code_challenge_method };
}

describe('code theft: PKCE', () => {
  it.each([
    ['a public client', PUBLIC],
    ['a confidential client', CONFIDENTIAL],
    ['a client that names S256', { ...CONFIDENTIAL, code_challenge_method: 'S256' }],
    [
      'a client whose client_kwargs would turn PKCE off',
      {
        ...CONFIDENTIAL,
        code_challenge_method: 'S256',
        client_kwargs: { code_challenge_method: 'none' },
      },
    ],
  ])('uses PKCE without metadata for %s', async (_, client) => {
    expect(await parametersOf(client)).toEqual(ON);
  });

  it('a confidential client can turn PKCE off', async () => {
    expect(await parametersOf({ ...CONFIDENTIAL, code_challenge_method: 'none' })).toEqual({});
    expect(await parametersOf({ ...CONFIDENTIAL, client_kwargs: { code_challenge_method: 'none' } })).toEqual({});
  });

  it.each([
    ['without a secret', PUBLIC],
    ['with an empty secret', { ...PUBLIC, client_secret: '' }],
    ['that authenticates with none', { ...CONFIDENTIAL, client_kwargs: { token_endpoint_auth_method: 'none' } }],
  ])('a public client %s cannot turn PKCE off', async (_, client: Record<string, unknown>) => {
    const why = 'dev.code_challenge_method: "none" requires a client that authenticates';
    const kwargs = client.client_kwargs as object | undefined;
    for (const off of [
      { ...client, code_challenge_method: 'none' },
      { ...client, client_kwargs: { ...kwargs, code_challenge_method: 'none' } },
    ]) {
      await expect(registryWith({ options: { clients: { dev: off } } })).rejects.toThrow(why);
    }
  });

  it.each(['plain', 'NONE', '', true])('refuses the code challenge method %j', async (code_challenge_method) => {
    const dev = { ...CONFIDENTIAL, code_challenge_method };
    await expect(registryWith({ options: { clients: { dev } } })).rejects.toThrow('expected "S256" (RFC 7636 §4.2)');
  });

  describe('PKCE downgrade by metadata', () => {
    let provider: ScriptedProvider;

    beforeEach(async () => {
      provider = await startScriptedProvider();
    });

    afterEach(() => provider.close());

    async function withMethods(methods: unknown, settings: object = {}): Promise<object> {
      const { url } = provider;
      const metadata = { issuer: url, authorization_endpoint: `${url}/a`, token_endpoint: `${url}/t` };
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: { ...metadata, code_challenge_methods_supported: methods },
      }));
      return parametersOf({ client_id: 'id', client_secret: 's', issuer: url, allow_insecure_http: true, ...settings });
    }

    it.each([[undefined], [['S256']], [['plain', 'S256']]])(
      'uses S256 with the methods %j in the metadata',
      async (methods) => {
        expect(await withMethods(methods)).toEqual(ON);
      },
    );

    it.each([[['plain']], [[]]])(
      'ends the login with the methods %j in the metadata, and names the setting',
      async (methods) => {
        const why = /^provider_unsupported: dev: .* set code_challenge_method to "none"/;
        await expect(withMethods(methods)).rejects.toThrow(why);
        expect(await withMethods(methods, { code_challenge_method: 'none' })).toEqual({});
      },
    );
  });
});
