import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { newKey, privateJwk, publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';

const CLIENT_KEY = newKey('P-256');
/** The provider's signing key, and the keys for which requests are encrypted. */
const PROVIDER_KEYS = [
  privateJwk(newKey('RSA'), { kid: 'sig', use: 'sig', alg: 'RS256' }),
  privateJwk(newKey('RSA'), { kid: 'rsa', use: 'enc', alg: 'RSA-OAEP' }),
  privateJwk(newKey('P-256'), { kid: 'ec', use: 'enc' }),
];

function signing({ metadata, settings }: SiteClient = {}): SiteClient {
  return {
    metadata: {
      jwks: { keys: [publicJwk(CLIENT_KEY, { kid: 'client' })] },
      request_object_signing_alg: 'ES256',
      require_signed_request_object: true,
      ...metadata,
    },
    settings: {
      privateKeys: { key: CLIENT_KEY, kid: 'client' },
      requireSignedRequestObject: true,
      ...settings,
    },
  };
}

function parametersOf({ searchParams }: URL): string[] {
  return [...searchParams.keys()].sort();
}

describe('an authorization request', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      clients: {
        pushed: {
          metadata: { require_pushed_authorization_requests: true },
          settings: { requirePushedAuthorizationRequests: true },
        },
        signed: signing(),
        both: signing({
          metadata: { require_pushed_authorization_requests: true },
          settings: { requirePushedAuthorizationRequests: true },
        }),
        rsa: signing({ settings: { requestObjectEncryptionAlg: 'RSA-OAEP' } }),
        ecdh: signing({
          settings: { requestObjectEncryptionAlg: 'ECDH-ES', requestObjectEncryptionEnc: 'A128CBC-HS256' },
        }),
        all: signing({
          settings: { requestObjectEncryptionAlg: 'RSA-OAEP', requirePushedAuthorizationRequests: true },
        }),
      },
      configuration: { jwks: { keys: PROVIDER_KEYS } },
    });
  });

  afterAll(() => site.close());

  it('is pushed, so that the browser only carries a reference to it', async () => {
    const { authorization, userInfo } = await site.signIn('pushed', { query: { login_hint: 'ada' } });
    expect(parametersOf(authorization)).toEqual(['client_id', 'request_uri']);
    expect(authorization.searchParams.get('request_uri')).toMatch(/^urn:ietf:params:oauth:request_uri:/);
    expect(userInfo).toMatchObject({ sub: '1815' });
    const [push] = site.seenAt('pushed_authorization_request');
    expect(push).toMatchObject({
      status: 201,
      sent: { login_hint: 'ada', scope: 'openid profile email', code_challenge_method: 'S256' },
      headers: { authorization: expect.stringMatching(/^Basic /) },
    });
  });

  it('is signed, so that the browser cannot change it', async () => {
    const { authorization, userInfo } = await site.signIn('signed', { query: { prompt: 'login' } });
    expect(parametersOf(authorization)).toEqual(['client_id', 'request']);
    expect(userInfo).toMatchObject({ sub: '1815' });
    const request = authorization.searchParams.get('request')!;
    expect(decodeProtectedHeader(request)).toEqual({ alg: 'ES256', kid: 'client', typ: 'oauth-authz-req+jwt' });
    expect(decodeJwt(request)).toMatchObject({ iss: 'signed', aud: site.oidc.url, prompt: 'login' });
    const login = site.seenAt('authorization').find(({ sent }) => sent.request === request);
    expect(login?.params).toMatchObject({ prompt: 'login', response_type: 'code', code_challenge_method: 'S256' });
  });

  it('is signed and pushed', async () => {
    const { authorization, userInfo } = await site.signIn('both');
    expect(parametersOf(authorization)).toEqual(['client_id', 'request_uri']);
    expect(userInfo).toMatchObject({ sub: '1815' });
    const push = site
      .seenAt('pushed_authorization_request')
      .find(({ sent }) => sent.client_id === 'both' || sent.request);
    expect(decodeJwt(push?.sent.request ?? '')).toMatchObject({ iss: 'both', scope: 'openid profile email' });
    expect(Object.keys(push?.sent ?? {})).not.toContain('scope');
  });

  it.each([
    ['rsa', { alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'rsa', cty: 'JWT' }],
    ['ecdh', { alg: 'ECDH-ES', enc: 'A128CBC-HS256', kid: 'ec', cty: 'JWT' }],
  ])('is signed and encrypted for the provider, with cty "JWT" (%s)', async (name, header) => {
    const { authorization, userInfo } = await site.signIn(name);
    expect(userInfo).toMatchObject({ sub: '1815' });
    expect(decodeProtectedHeader(authorization.searchParams.get('request')!)).toMatchObject(header);
  });

  it('is signed, encrypted and pushed', async () => {
    const { authorization, userInfo } = await site.signIn('all');
    expect(parametersOf(authorization)).toEqual(['client_id', 'request_uri']);
    expect(userInfo).toMatchObject({ sub: '1815' });
  });
});

describe('a client whose provider requires it in its metadata', () => {
  let site: Site;

  afterEach(() => site.close());

  it('pushes every authorization request', async () => {
    site = await startSite({
      clients: { client: {} },
      configuration: {
        features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } },
      },
    });
    const { authorization, userInfo } = await site.signIn('client');
    expect(parametersOf(authorization)).toEqual(['client_id', 'request_uri']);
    expect(userInfo).toMatchObject({ sub: '1815' });
  });

  it('signs every authorization request', async () => {
    const { metadata, settings } = signing();
    site = await startSite({
      clients: { client: { metadata, settings: { ...settings, requireSignedRequestObject: undefined } } },
      configuration: { features: { requestObjects: { enabled: true, requireSignedRequestObject: true } } },
    });
    const { authorization, userInfo } = await site.signIn('client');
    expect(parametersOf(authorization)).toEqual(['client_id', 'request']);
    expect(userInfo).toMatchObject({ sub: '1815' });
  });
});
