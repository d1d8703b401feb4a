import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const KEY = await generateKeyPair('RS256');
const JWK = { ...(await exportJWK(KEY.publicKey)), kid: 'k', use: 'sig', alg: 'RS256' };

/** A provider like LinkedIn: the id_token never contains the nonce of the login. */
describe('a provider that does not repeat the nonce', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;
  let issuer: string;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    issuer = `${provider.url}/oauth`;
    provider.on('GET /oauth/.well-known/openid-configuration', () => ({
      json: {
        issuer,
        authorization_endpoint: `${issuer}/v2/authorization`,
        token_endpoint: `${issuer}/v2/accessToken`,
        jwks_uri: `${issuer}/openid/jwks`,
        id_token_signing_alg_values_supported: ['RS256'],
      },
    }));
    provider.on('GET /oauth/openid/jwks', () => ({ json: { keys: [JWK] } }));
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function signIn(settings: object, claims?: object) {
    const linkedin = {
      clientId: 'app',
      clientSecret: 'a secret',
      issuer,
      clientKwargs: { scope: 'openid profile' },
      ...settings,
    } as ClientRegistration;
    app = await testApp({ clients: { linkedin } });
    const visitor = new Visitor(() => app);
    const { location, state } = await visitor.login('linkedin');
    const now = Math.floor(Date.now() / 1000);
    const own = { iss: issuer, aud: 'app', sub: 'ada', iat: now, exp: now + 300, ...claims };
    const idToken =
      claims && (await new SignJWT(own).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(KEY.privateKey));
    provider.on('POST /oauth/v2/accessToken', () => ({
      json: { access_token: 'a', token_type: 'Bearer', expires_in: 3600, id_token: idToken },
    }));
    const page = await visitor.callback({ code: 'c', state }, 'linkedin');
    return {
      sent: location.searchParams.get('nonce'),
      status: page.status,
      body: page.json() as Record<string, unknown>,
    };
  }

  it('the error names the missing nonce and the setting', async () => {
    const { status, body } = await signIn({}, {});
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description).toMatch(/^id_token: JWT "nonce" claim missing; .* set allow_missing_nonce$/);
  });

  it.each([{ allowMissingNonce: true }, { allow_missing_nonce: true }])('signs users in with %j', async (settings) => {
    const { sent, status, body } = await signIn(settings, {});
    expect([status, body.userInfo]).toMatchObject([200, { sub: 'ada' }]);
    expect(sent).toMatch(/^[\w-]{43}$/);
  });

  it('signs users in without PKCE, whose code_verifier LinkedIn refuses', async () => {
    const { status } = await signIn({ allowMissingNonce: true, codeChallengeMethod: 'none' }, {});
    const { body } = provider.requests.find(({ method }) => method === 'POST') ?? {};
    expect([status, new URLSearchParams(body?.toString()).has('code_verifier')]).toEqual([200, false]);
  });

  it.each([{ nonce: 'of another login' }, { nonce: '' }, { nonce: null }, { nonce: 7 }])(
    'checks a nonce that is present despite allow_missing_nonce: %j',
    async (claims) => {
      const { status, body } = await signIn({ allowMissingNonce: true }, claims);
      expect([status, body.error_description]).toEqual([
        502,
        'the nonce of the id_token is not the one that this login sent',
      ]);
    },
  );

  it('requires an id_token and checks its other claims', async () => {
    expect((await signIn({ allowMissingNonce: true })).body.error).toBe('token_invalid');
    await app?.close();
    const { body } = await signIn({ allowMissingNonce: true }, { aud: 'another app' });
    expect(body.error_description).toContain('id_token is for "another app"');
  });

  it('requires the nonce in a hybrid response', async () => {
    const { status, body } = await signIn(
      { allowMissingNonce: true, authorizeParams: { response_type: 'code id_token' } },
      {},
    );
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });
});
