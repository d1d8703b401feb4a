import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivateKey } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { ClientMetadata, Provider } from 'oidc-provider';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import type { Listening } from '../../providers/listen.js';
import {
  derOf,
  fingerprintOf,
  listenForCertificates,
  makeCertificates,
  MUTUAL_TLS,
  type Certificate,
} from '../../providers/mutual-tls.js';
import { publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';

const { ca, ...certificates } = await makeCertificates();
const { client: trusted, selfSigned } = certificates;

const ENDPOINTS = {
  token_endpoint: 'token',
  userinfo_endpoint: 'me',
  pushed_authorization_request_endpoint: 'request',
  introspection_endpoint: 'token/introspection',
  revocation_endpoint: 'token/revocation',
  device_authorization_endpoint: 'device/auth',
};

function client(
  method: ClientMetadata['token_endpoint_auth_method'],
  shown: Certificate,
  more: { metadata?: Partial<ClientMetadata>; settings?: OAuth2ClientSettings } = {},
): SiteClient {
  return {
    metadata: {
      token_endpoint_auth_method: method,
      tls_client_certificate_bound_access_tokens: true,
      ...more.metadata,
    },
    settings: { clientCertificate: { ...shown, ca }, ...more.settings },
  };
}

const SELF_SIGNED = { jwks: { keys: [publicJwk(createPrivateKey(selfSigned.key), { x5c: [derOf(selfSigned)] })] } };
const BY_NAME = { tls_client_auth_san_dns: 'app.example' };

describe('a client with a certificate (mutual TLS)', () => {
  let site: Site;
  let aliases: Listening;
  let other: Listening;

  beforeAll(async () => {
    // the metadata contain this port, so it is opened before the provider starts
    const listener: { current?: ReturnType<Provider['callback']> } = {};
    const answer: RequestListener = (request, response) => void listener.current?.(request, response);
    aliases = await listenForCertificates(answer, { ca, ...certificates });
    other = await listenForCertificates(answer, { ca, ...certificates });
    const at = (port: number, path: string): string => `https://localhost:${port}/${path}`;
    const aliasOf = (path: string): string => at(aliases.port, path);
    site = await startSite({
      clients: {
        self: client('self_signed_tls_client_auth', selfSigned, { metadata: SELF_SIGNED }),
        ca: client('tls_client_auth', trusted, { metadata: BY_NAME }),
        secret: client('client_secret_basic', selfSigned, { settings: { apiBaseUrl: aliasOf('') } }),
        pushed: client('self_signed_tls_client_auth', selfSigned, {
          metadata: SELF_SIGNED,
          settings: { requirePushedAuthorizationRequests: true },
        }),
        named: client('tls_client_auth', trusted, {
          metadata: BY_NAME,
          settings: {
            accessTokenUrl: at(other.port, 'token'),
            introspectionEndpoint: at(other.port, 'token/introspection'),
          },
        }),
        impostor: client('tls_client_auth', selfSigned, { metadata: BY_NAME }),
        stranger: client('self_signed_tls_client_auth', trusted, { metadata: SELF_SIGNED }),
        distrustful: client('tls_client_auth', trusted, {
          metadata: BY_NAME,
          settings: { clientCertificate: trusted },
        }),
      },
      configuration: {
        clientAuthMethods: ['client_secret_basic', 'self_signed_tls_client_auth', 'tls_client_auth'],
        features: { mTLS: MUTUAL_TLS },
        discovery: {
          mtls_endpoint_aliases: Object.fromEntries(
            Object.entries(ENDPOINTS).map(([name, path]) => [name, aliasOf(path)]),
          ),
        },
      },
    });
    listener.current = site.oidc.provider.callback();
  });

  afterAll(async () => {
    await site.close();
    await aliases.close();
    await other.close();
  });

  /** The host of the last request to one of the endpoints. */
  function hostAt(route: string): string | undefined {
    return site.seenAt(route).at(-1)?.headers.host;
  }

  it.each([
    ['a self-signed certificate', 'self', selfSigned],
    ['a certificate that a CA signed', 'ca', trusted],
    ['a secret, and a certificate only for its tokens', 'secret', selfSigned],
  ])('signs in with %s, to which the token is bound', async (_, name, shown) => {
    const { token, userInfo } = await site.signIn(name);
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(hostAt('token')).toBe(`localhost:${aliases.port}`);
    const { cnf } = await site.client(name).introspectToken({ token });
    expect(hostAt('introspection')).toBe(`localhost:${aliases.port}`);
    expect(cnf).toEqual({ 'x5t#S256': fingerprintOf(shown) });
  });

  it('requests userinfo with its certificate, without which the provider refuses the token', async () => {
    const { token } = await site.signIn('self');
    expect(await site.client('self').userinfo({ token })).toMatchObject({ sub: '1815' });
    expect(hostAt('userinfo')).toBe(`localhost:${aliases.port}`);
    const headers = { authorization: `Bearer ${token.accessToken}` };
    expect((await fetch(`${site.oidc.url}/me`, { headers })).status).toBe(401);
  });

  it('calls the API with its certificate', async () => {
    const { token } = await site.signIn('secret');
    expect((await site.client('secret').get('me', { token })).data).toMatchObject({ sub: '1815' });
  });

  it('refreshes and revokes with its certificate', async () => {
    const { token } = await site.signIn('ca');
    const vouchedFor = site.client('ca');
    const renewed = await vouchedFor.fetchAccessToken({ grantType: 'refresh_token', token });
    expect((await vouchedFor.introspectToken({ token: renewed })).cnf).toEqual({ 'x5t#S256': fingerprintOf(trusted) });
    await vouchedFor.revokeToken({ token: renewed });
    expect(hostAt('revocation')).toBe(`localhost:${aliases.port}`);
    expect(await vouchedFor.introspectToken({ token: renewed })).toEqual({ active: false });
  });

  it('pushes its requests with its certificate', async () => {
    const { userInfo } = await site.signIn('pushed');
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(hostAt('pushed_authorization_request')).toBe(`localhost:${aliases.port}`);
  });

  it('prefers the endpoints in the settings to those in the metadata', async () => {
    const { token, userInfo } = await site.signIn('named');
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(hostAt('token')).toBe(`localhost:${other.port}`);
    expect(await site.client('named').introspectToken({ token })).toMatchObject({ active: true });
    expect(hostAt('introspection')).toBe(`localhost:${other.port}`);
  });

  it.each([
    ['that no CA signed', 'impostor'],
    ['that it is not registered with', 'stranger'],
  ])('is refused with a certificate %s', async (_, name) => {
    const { page } = await site.authorize(name);
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('does not trust a provider whose certificate was signed by an unknown CA', async () => {
    const tokens = site.seenAt('token').length;
    const { page } = await site.authorize('distrustful');
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'provider_tls_failed' });
    expect(site.seenAt('token')).toHaveLength(tokens);
  });
});
