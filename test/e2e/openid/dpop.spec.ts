import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader } from 'jose';
import type { OAuth2Token } from 'nestjs-oauth-client';
import { newKey, privateJwk, publicJwk } from '../../support/keys.js';
import { settingsOf, startSite, type Seen, type Site, type SiteClient } from '../../support/openid-site.js';

const OWN_KEY = newKey('Ed25519');

const BOUND: SiteClient = {
  metadata: { dpop_bound_access_tokens: true },
  settings: { dpopBoundAccessTokens: true },
};

function thumbprint(token: OAuth2Token): Promise<string> {
  return calculateJwkThumbprint(token.dpopKey!);
}

/** The DPoP proofs of the requests, in order. */
function proofs(seen: Seen[]) {
  return seen.map(({ headers }) => ({
    ...decodeJwt<{ nonce?: string }>(String(headers.dpop)),
    key: decodeProtectedHeader(String(headers.dpop)).jwk,
  }));
}

describe('a token that is bound to a key (DPoP)', () => {
  let site: Site;
  const refreshed: OAuth2Token[] = [];

  beforeAll(async () => {
    site = await startSite({
      clients: {
        bound: BOUND,
        // the refresh tokens of a public client are bound, too; with this leeway, each call refreshes
        public: {
          metadata: { ...BOUND.metadata, token_endpoint_auth_method: 'none' },
          settings: { ...BOUND.settings, clientKwargs: { leeway: 7200 } },
        },
        own: { ...BOUND, settings: { ...BOUND.settings, dpopKey: OWN_KEY } },
        pushed: { ...BOUND, settings: { ...BOUND.settings, requirePushedAuthorizationRequests: true } },
      },
      module: { updateToken: (_name, token) => refreshed.push(token) },
    });
  });

  afterAll(() => site.close());

  it('is bound from the authorization request on, with a different key for each login', async () => {
    const first = await site.signIn('bound');
    const second = await site.signIn('bound');
    for (const { authorization, token } of [first, second]) {
      expect(token).toMatchObject({ tokenType: 'dpop', dpopKey: { kty: 'EC', crv: 'P-256', d: expect.any(String) } });
      expect(authorization.searchParams.get('dpop_jkt')).toBe(await thumbprint(token));
      const { cnf } = await site.client('bound').introspectToken({ token });
      expect(cnf).toEqual({ jkt: await thumbprint(token) });
    }
    expect(await thumbprint(first.token)).not.toBe(await thumbprint(second.token));
  });

  it('is accepted by the API with a proof for each call, and refused as a bearer token', async () => {
    const { token } = await site.signIn('bound');
    const before = site.seenAt('userinfo').length;
    const bound = site.client('bound');
    const calls = await Promise.all([1, 2].map(() => bound.get('me', { token })));
    expect(calls.map(({ data }) => data)).toMatchObject([{ sub: '1815' }, { sub: '1815' }]);
    const [one, two] = proofs(site.seenAt('userinfo').slice(before));
    expect(one).toMatchObject({ htm: 'GET', htu: `${site.oidc.url}/me`, ath: expect.any(String) });
    expect(one?.jti).not.toBe(two?.jti);
    const headers = { authorization: `Bearer ${token.accessToken}` };
    expect((await fetch(`${site.oidc.url}/me`, { headers })).status).toBe(401);
  });

  it('is refreshed with the same key', async () => {
    const { token } = await site.signIn('public');
    const { data } = await site.client('public').get('me', { token: { ...token, expiresAt: 1 } });
    expect(data).toMatchObject({ sub: '1815' });
    const renewed = refreshed.at(-1)!;
    expect(renewed.accessToken).not.toBe(token.accessToken);
    expect(renewed).toMatchObject({ tokenType: 'dpop', dpopKey: token.dpopKey });
    const grant = site.seenAt('token').at(-1);
    expect(grant).toMatchObject({ sent: { grant_type: 'refresh_token' }, status: 200 });
  });

  it('is bound to the key in the settings, without a copy of the key in the token', async () => {
    const { authorization, token } = await site.signIn('own');
    expect(token.tokenType).toBe('dpop');
    expect(token).not.toHaveProperty('dpopKey');
    expect(authorization.searchParams.get('dpop_jkt')).toBe(await calculateJwkThumbprint(publicJwk(OWN_KEY)));
    expect(await site.client('own').userinfo({ token })).toMatchObject({ sub: '1815' });
  });

  it('is bound by a pushed authorization request, too', async () => {
    const { token } = await site.signIn('pushed');
    expect(site.seenAt('pushed_authorization_request').at(-1)?.sent.dpop_jkt).toBe(await thumbprint(token));
  });

  it('is not issued for another key than the key of the authorization request', async () => {
    const redirectUri = `${site.url}/auth/bound/callback`;
    const bound = site.client('bound');
    const { browser } = await site.authorize('bound');
    const exchange = async (keyFor: (own: JsonWebKey) => JsonWebKey): Promise<OAuth2Token> => {
      const { url, codeVerifier, nonce, dpopKey } = await bound.createAuthorizationUrl(redirectUri);
      const { headers } = await browser.get(url, { follow: false });
      const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
      return bound.fetchAccessToken({ code, redirectUri, codeVerifier, nonce, dpopKey: keyFor(dpopKey ?? {}) });
    };
    await expect(exchange((own) => own)).resolves.toMatchObject({ tokenType: 'dpop' });
    await expect(exchange(() => privateJwk(OWN_KEY) as JsonWebKey)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});

describe('a client whose provider requires a nonce in DPoP proofs', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      clients: { bound: BOUND },
      configuration: {
        features: { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } },
      },
    });
  });

  afterAll(() => site.close());

  /** Registers a client that does not know the nonce yet. */
  function forgetful(name: string) {
    site.registry.register(name, settingsOf('bound', site.oidc.url, BOUND), { replace: true });
    return site.client(name);
  }

  it('repeats the first token request with the nonce, and sends the nonce with later requests', async () => {
    await site.signIn('bound');
    expect(site.seenAt('token').map(({ status }) => status)).toEqual([400, 200]);
    const [without, withIt] = proofs(site.seenAt('token'));
    expect(without).not.toHaveProperty('nonce');
    expect(withIt).toMatchObject({ nonce: expect.any(String), key: without?.key });
    expect(withIt?.jti).not.toBe(without?.jti);
    await site.signIn('bound');
    expect(site.seenAt('token').map(({ status }) => status)).toEqual([400, 200, 200]);
  });

  it.each([
    ['userinfo', async (name: string, token: OAuth2Token) => forgetful(name).userinfo({ token })],
    ['API', async (name: string, token: OAuth2Token) => (await forgetful(name).get('me', { token })).data],
  ])('repeats a request with the nonce at the %s', async (name, ask) => {
    const { token } = await site.signIn('bound');
    const before = site.seenAt('userinfo').length;
    expect(await ask(name, token)).toMatchObject({ sub: '1815', name: 'Ada Lovelace' });
    const seen = site.seenAt('userinfo').slice(before);
    expect(seen.map(({ status }) => status)).toEqual([401, 200]);
    expect(proofs(seen)[1]).toMatchObject({ nonce: expect.any(String), ath: expect.any(String) });
  });

  it('repeats a refresh with the nonce', async () => {
    const { token } = await site.signIn('bound');
    const before = site.seenAt('token').length;
    const renewed = await forgetful('refreshing').fetchAccessToken({ grantType: 'refresh_token', token });
    expect(renewed).toMatchObject({ tokenType: 'dpop', dpopKey: token.dpopKey });
    expect(
      site
        .seenAt('token')
        .slice(before)
        .map(({ status }) => status),
    ).toEqual([400, 200]);
  });
});
