import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const SECRET = '6f1f2c3d4e5a6b7c8d9e0f1a2b3c4d5e'; // 32 hexadecimal digits, as LINE's channel secrets
const ES256 = (await generateKeyPair('ES256')).privateKey;

/** LINE lists ES256 in its metadata, and signs the id_tokens of web logins with the channel secret. */
describe.each(['express', 'fastify'] as const)(
  'a provider that signs id_tokens with the client secret, on %s',
  (platform) => {
    let provider: ScriptedProvider;
    let app: TestApp;
    let warn: ReturnType<typeof jest.spyOn>;

    beforeEach(async () => {
      warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      provider = await startScriptedProvider();
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: metadataOf(provider, {
          jwks_uri: `${provider.url}/certs`,
          revocation_endpoint: `${provider.url}/revoke`,
          id_token_signing_alg_values_supported: ['ES256'],
        }),
      }));
      const line = {
        clientId: '1234567890',
        clientSecret: SECRET,
        issuer: provider.url,
        allowSecretSignedIdToken: true,
        clientKwargs: { scope: 'openid profile', tokenEndpointAuthMethod: 'client_secret_post' },
      };
      app = await testApp({ platform, clients: { line } });
    });

    afterEach(async () => {
      warn.mockRestore();
      await app.close();
      await provider.close();
    });

    function idToken(
      claims: object,
      alg = 'HS256',
      key: CryptoKey | Uint8Array = Buffer.from(SECRET),
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const common = { iss: provider.url, aud: '1234567890', sub: 'U1', iat: now, exp: now + 3600, amr: ['linesso'] };
      return new SignJWT({ ...common, ...claims }).setProtectedHeader({ typ: 'JWT', alg }).sign(key);
    }

    /** Signs in, and returns the token. */
    async function signIn(): Promise<OAuth2Token> {
      const visitor = new Visitor(() => app);
      const { location, state } = await visitor.login('line');
      const nonce = location.searchParams.get('nonce');
      provider.on('POST /token', async () => ({
        json: {
          access_token: 'a',
          refresh_token: 'r',
          token_type: 'Bearer',
          id_token: await idToken({ nonce, name: 'Ada' }),
        },
      }));
      const page = await visitor.callback({ code: 'c', state }, 'line');
      expect([page.status, page.json()]).toMatchObject([200, { userInfo: { sub: 'U1', name: 'Ada' } }]);
      return (page.json() as { token: OAuth2Token }).token;
    }

    async function refresh(token: OAuth2Token, newIdToken: string): Promise<OAuth2Token> {
      provider.on('POST /token', () => ({ json: { access_token: 'b', token_type: 'Bearer', id_token: newIdToken } }));
      return app.registry.get<OAuth2App>('line').fetchAccessToken({ grantType: 'refresh_token', token });
    }

    it('signs users in without the keys of the provider', async () => {
      await signIn();
      expect(provider.requests.map(({ path }) => path)).not.toContain('/certs');
    });

    it('accepts the id_token of a refresh that is signed with the client secret', async () => {
      const token = await signIn();
      const renewed = await idToken({ name: 'Ada L.' });
      expect(await refresh(token, renewed)).toMatchObject({ accessToken: 'b', idToken: renewed });
    });

    it.each<[what: string, alg: string, key: CryptoKey | Uint8Array]>([
      ['another secret', 'HS256', Buffer.from('0'.repeat(32))],
      ["the provider's key", 'ES256', ES256],
    ])('ignores the id_token of a refresh that is signed with %s', async (_, alg, key) => {
      const token = await signIn();
      const forged = await idToken({ name: 'Eve' }, alg, key);
      expect(await refresh(token, forged)).toMatchObject({ accessToken: 'b', idToken: token.idToken });
    });
  },
);
