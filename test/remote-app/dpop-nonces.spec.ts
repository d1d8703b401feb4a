import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair } from 'jose';
import { ProviderError, type OAuth2App } from 'nestjs-oauth-client';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';

const KEY = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
const TOKEN = { accessToken: 'access-token', refreshToken: 'refresh-token', tokenType: 'dpop', dpopKey: KEY } as const;

describe('a server that accepts each DPoP nonce once', () => {
  let provider: ScriptedProvider;
  let app: OAuth2App;
  let nonces: Set<string>;
  let givesNonces: boolean;

  beforeEach(async () => {
    nonces = new Set();
    givesNonces = false;
    provider = await startScriptedProvider();
    const once = (request: ReceivedRequest, json: object): object => {
      const { nonce, jti } = request.headers.dpop ? decodeJwt(String(request.headers.dpop)) : {};
      const headers = { 'dpop-nonce': randomUUID() };
      if (jti !== undefined && nonces.delete(String(nonce))) {
        if (givesNonces) nonces.add(headers['dpop-nonce']);
        return givesNonces ? { headers, json } : { json };
      }
      nonces.add(headers['dpop-nonce']);
      const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', ...headers };
      const isApi = request.path === '/me';
      return { status: isApi ? 401 : 400, headers: isApi ? challenge : headers, json: { error: 'use_dpop_nonce' } };
    };
    const token = { access_token: 'a', token_type: 'DPoP', refresh_token: 'r' };
    provider.on('POST /token', (request) => once(request, token));
    provider.on('POST /par', (request) => once(request, { request_uri: 'urn:x:1', expires_in: 60 }));
    provider.on('POST /revoke', (request) => once(request, {}));
    provider.on('GET /me', (request) => once(request, { me: true }));
    provider.on('POST /me', (request) => once(request, { me: true }));
    const { url } = provider;
    const dev = clientOf(
      { url },
      {
        pushedAuthorizationRequestEndpoint: `${url}/par`,
        requirePushedAuthorizationRequests: true,
        revocationEndpoint: `${url}/revoke`,
        userinfoEndpoint: `${url}/me`,
        apiBaseUrl: url,
        dpopBoundAccessTokens: true,
      },
    );
    app = (await registryWith({ options: { clients: { dev } } })).get<OAuth2App>('dev');
  });

  afterEach(() => provider.close());

  const calls: [string, () => Promise<unknown>][] = [
    ['API calls', () => app.get('me', { token: TOKEN })],
    ['API calls with a body', () => app.post('me', { a: 1 }, { token: TOKEN })],
    ['token requests', () => app.fetchAccessToken({ code: 'c', codeVerifier: 'v'.repeat(43), dpopKey: KEY })],
    ['refreshes', () => app.fetchAccessToken({ grantType: 'refresh_token', token: TOKEN })],
    ['pushed authorization requests', () => app.createAuthorizationUrl('https://app.test/callback')],
    ['revocations', () => app.revokeToken({ token: TOKEN })],
  ];

  it.each(calls)(
    '100 concurrent %s succeed, in each of 4 runs',
    async (_, call) => {
      for (const gives of [false, true]) {
        givesNonces = gives;
        for (let run = 0; run < 2; run++) await Promise.all(Array.from({ length: 100 }, call));
      }
      const proofs = provider.requests.map(({ headers }) => decodeJwt(String(headers.dpop)).jti);
      expect(new Set(proofs).size).toBe(proofs.length);
      expect(proofs.length).toBeLessThanOrEqual(800);
    },
    60_000,
  );

  it('concurrent requests of different kinds succeed', async () => {
    const mixed = Array.from({ length: 16 }, () => calls.map(([, call]) => call())).flat();
    await expect(Promise.all(mixed)).resolves.toHaveLength(96);
  });

  it('sends a request at most six times when each response has a new nonce', async () => {
    for (const route of ['POST /token', 'POST /par', 'POST /revoke', 'GET /me', 'POST /me']) {
      const challenge = 'DPoP error="use_dpop_nonce"';
      provider.on(route, ({ path }) => ({
        status: path === '/me' ? 401 : 400,
        headers: { 'dpop-nonce': randomUUID(), 'www-authenticate': challenge },
        json: { error: 'use_dpop_nonce' },
      }));
    }
    for (const [, call] of calls) {
      const before = provider.requests.length;
      await expect(call()).rejects.toBeInstanceOf(ProviderError);
      expect(provider.requests.length - before).toBe(6);
    }
  });

  it.each([
    ['no nonce', {}],
    ['the previous nonce', { 'dpop-nonce': 'the-same' }],
    ['an invalid nonce', { 'dpop-nonce': 'a nonce' }],
  ])('does not send a request again when the response has %s', async (_, headers) => {
    const all = { ...headers, 'www-authenticate': 'DPoP error="use_dpop_nonce"' } as Record<string, string>;
    for (const route of ['POST /token', 'POST /par', 'POST /revoke', 'GET /me', 'POST /me']) {
      provider.on(route, ({ path }) => ({
        status: path === '/me' ? 401 : 400,
        headers: all,
        json: { error: 'use_dpop_nonce' },
      }));
    }
    for (const [, call] of calls) {
      const before = provider.requests.length;
      await expect(call()).rejects.toBeInstanceOf(ProviderError);
      expect(provider.requests.length - before).toBeLessThanOrEqual(2);
    }
  });

  it('sends a proof only with the revocation of a bound token', async () => {
    await app.revokeToken({ token: TOKEN });
    const { htm, htu, ath } = decodeJwt(String(provider.requests.at(-1)?.headers.dpop));
    expect({ htm, htu, ath }).toEqual({ htm: 'POST', htu: `${provider.url}/revoke`, ath: undefined });
    provider.on('POST /revoke', () => ({ status: 204 }));
    await app.revokeToken({ token: { accessToken: 'b' } });
    expect(provider.requests.at(-1)?.headers).not.toHaveProperty('dpop');
    await app.revokeToken({ token: { accessToken: 'b', tokenType: 'dpop' } }); // its key was lost
    expect(provider.requests.at(-1)?.headers).not.toHaveProperty('dpop');
  });
});
