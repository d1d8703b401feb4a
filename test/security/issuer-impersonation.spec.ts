import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { OAuth2App } from 'nestjs-oauth-client';
import { readClient } from '../../lib/config/read-client.js';
import { normalizeKeys } from '../../lib/config/setting-keys.js';
import { provesIssuer } from '../../lib/config/well-known.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Visitor } from '../support/visitor.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const HONEST = 'https://honest.example';
const ENDPOINTS = { authorize_url: 'https://evil.example/a', access_token_url: 'https://evil.example/t' };
const CLIENT = { client_id: 'dev', ...ENDPOINTS };
const ORIGIN = { name: 'dev', registeredAtRunTime: false, allowInsecureHosts: false };
const FLAG = { allow_issuer_impersonation: true };
const ADVICE = /anyone who controls this URL can sign in as any user of the issuer.*allow_issuer_impersonation/;

const IMPERSONATIONS: [string, object][] = [
  ['keys of an attacker beside the issuer', { issuer: HONEST, jwks_uri: 'https://evil.example/k' }],
  ['metadata of an attacker beside the issuer', { issuer: HONEST, server_metadata_url: 'https://evil.example/m' }],
  [
    'metadata at a well-known URL of an attacker beside the issuer',
    { issuer: HONEST, server_metadata_url: 'https://evil.example/.well-known/openid-configuration' },
  ],
  [
    'metadata below another tenant of the issuer',
    { issuer: `${HONEST}/a`, server_metadata_url: `${HONEST}/b/.well-known/openid-configuration` },
  ],
  ['metadata that are not at a well-known URL, without an issuer', { server_metadata_url: 'https://evil.example/m' }],
  [
    'keys of an attacker beside metadata',
    {
      server_metadata_url: `${HONEST}/.well-known/openid-configuration`,
      jwks_uri: 'https://evil.example/k',
    },
  ],
];

describe('issuer impersonation', () => {
  let evil: ScriptedProvider;
  const opened: TestApp[] = [];
  const closing: ScriptedProvider[] = [];

  beforeEach(async () => {
    evil = await startScriptedProvider();
  });

  afterEach(async () => {
    Logger.overrideLogger(['error', 'warn']);
    await Promise.all(opened.splice(0).map((app) => app.close()));
    await Promise.all([evil, ...closing.splice(0)].map((provider) => provider.close()));
  });

  /** Starts an honest issuer, which signs id_tokens of one user. */
  async function startIssuer() {
    const honest = await startScriptedProvider();
    closing.push(honest);
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] };
    honest.on('GET /k', () => ({ json: jwks }));
    honest.on('GET /.well-known/openid-configuration', () => ({
      json: {
        issuer: honest.url,
        authorization_endpoint: `${honest.url}/a`,
        token_endpoint: `${honest.url}/t`,
        jwks_uri: `${honest.url}/k`,
      },
    }));
    const sign = (audience: string, nonce?: string): Promise<string> =>
      new SignJWT({ nonce })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setIssuer(honest.url)
        .setSubject('victim')
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    return { issuer: honest.url, sign };
  }

  function start(clients: Record<string, object> = {}): Promise<TestApp> {
    return testAppOf({ clients });
  }

  async function testAppOf(options: TestAppOptions): Promise<TestApp> {
    const app = await testApp(options);
    opened.push(app);
    return app;
  }

  it.each(IMPERSONATIONS)(
    'refuses settings that claim the issuer by %s, unless allow_issuer_impersonation is set',
    (_, settings) => {
      const check = (more: object): readonly string[] => {
        const client = readClient(ORIGIN, normalizeKeys({ ...CLIENT, ...settings, ...more }));
        return 'faults' in client ? client.faults : [];
      };
      expect(check({})).toEqual([expect.stringMatching(ADVICE)]);
      expect(check({ allow_issuer_impersonation: false })).toEqual([expect.stringMatching(ADVICE)]);
      expect(check(FLAG)).toEqual([]);
    },
  );

  it.each(IMPERSONATIONS)(
    'refuses a client at run time that claims the issuer by %s, whatever its settings',
    async (_, settings) => {
      const app = await start();
      const register = (more: object) => () => app.registry.register('tenant', { ...CLIENT, ...settings, ...more });
      expect(register({})).toThrow(ADVICE);
      expect(register(FLAG)).toThrow(/tenant\.allow_issuer_impersonation: not allowed .* registered at run time/);
      const registration = { ...CLIENT, ...settings, ...FLAG, registration_endpoint: `${evil.url}/register` };
      const dynamic = app.registry.registerDynamically('tenant', registration, {});
      await expect(dynamic).rejects.toThrow(/allow_issuer_impersonation: not allowed/);
      expect([app.registry.has('tenant'), evil.requests.length]).toEqual([false, 0]);
    },
  );

  it('token substitution: refuses a client at run time whose token endpoint is not at the issuer', async () => {
    const app = await start();
    const { registry } = app;
    const settings = { client_id: 'dev', issuer: HONEST, user_info_from: 'userinfo' };
    const register = (more: object) => (): unknown => registry.register('tenant', { ...settings, ...more });
    expect(register(ENDPOINTS)).toThrow(/tenant\.access_token_url: not allowed/);
    expect(register({ access_token_url: `${HONEST}.evil.example/t` })).toThrow(/tenant\.access_token_url: not allowed/);
    expect(register({ access_token_url: `${HONEST}/t` })).not.toThrow();
  });

  it.each([
    [
      'refuses an id_token that a login without a nonce did not ask for, from a token endpoint of a tenant',
      'profile',
      'none',
    ],
    ['refuses an id_token of another login from a token endpoint of a tenant', 'openid', 'another'],
    ['accepts an id_token of the same login from a token endpoint of a tenant', 'openid', 'same'],
  ])('%s', async (_, scope, kind) => {
    const { issuer, sign } = await startIssuer();
    const { registry, url } = await start();
    Logger.overrideLogger(false);
    const endpoints = { authorize_url: `${evil.url}/a`, access_token_url: `${evil.url}/t` };
    const settings = { client_id: 'dev', issuer, ...endpoints, allow_insecure_http: true, client_kwargs: { scope } };
    registry.register('tenant', settings);
    const visitor = new Visitor(() => ({ url }));
    const { location, state } = await visitor.login('tenant');
    const nonce = { none: undefined, another: 'n'.repeat(20), same: location.searchParams.get('nonce') }[kind];
    const idToken = await sign('dev', nonce ?? undefined);
    evil.on('POST /t', () => ({ json: { access_token: 'a', token_type: 'bearer', id_token: idToken } }));
    const { status } = await visitor.callback({ code: 'c', state }, 'tenant');
    expect(status).toBe(kind === 'same' ? 200 : 502);
  });

  it('refuses a client at run time whose userinfo endpoint is not at the issuer', async () => {
    const app = await start();
    const settings = { client_id: 'dev', issuer: HONEST, userinfo_endpoint: 'https://evil.example/me' };
    expect(() => app.registry.register('tenant', settings)).toThrow(/tenant\.userinfo_endpoint: not allowed/);
    const unchecked = { ...CLIENT, userinfo_endpoint: 'https://evil.example/me' };
    expect(() => app.registry.register('tenant', unchecked)).not.toThrow();
  });

  const PROFILE_ELSEWHERE = { requests: [{ url: 'https://evil.example/me' }] };
  const OPENID = { client_kwargs: { scope: ['profile', 'openid'] } };
  const SECRET = { client_secret: 'x'.repeat(32), allow_secret_signed_id_token: true };

  it.each<[string, object, string]>([
    ['a token endpoint that signs id_tokens with the client secret', { ...ENDPOINTS, ...SECRET }, 'access_token_url'],
    [
      'a token endpoint that signs id_tokens for the scope openid with the client secret',
      { ...ENDPOINTS, ...SECRET, ...OPENID },
      'access_token_url',
    ],
    [
      'a token endpoint that returns id_tokens without a nonce',
      { ...ENDPOINTS, ...OPENID, allow_missing_nonce: true },
      'access_token_url',
    ],
    ['an endpoint for refreshes', { refresh_token_url: 'https://evil.example/t' }, 'refresh_token_url'],
    [
      'an endpoint for long-lived tokens',
      { long_lived_token_request: { url: 'https://evil.example/t', grant_type: 'x' }, user_info_from: 'userinfo' },
      'long_lived_token_request.url',
    ],
    [
      'a redirect URI that receives the codes of other users',
      { registered_redirect_uri: 'https://evil.example/c' },
      'registered_redirect_uri',
    ],
    [
      'another name of the redirect URI',
      { token_request: { parameter_names: { redirect_uri: false, other: 'redirect_uri' } } },
      'token_request.parameter_names',
    ],
    [
      'a field that the provider repeats from the request',
      { ...SECRET, token_response: { field_names: { id_token: 'scope' } } },
      'token_response',
    ],
    ['a profile of an own server', { profile: { ...PROFILE_ELSEWHERE, claims: { sub: 'id' } } }, 'profile.claims.sub'],
    ['the token response', { profile: { claims: { sub: 'token:id' } } }, 'profile.claims.sub'],
    ['a claim that users can choose', { profile: { claims: { sub: 'id_token:name' } } }, 'profile.claims.sub'],
    ['a template', { profile: { claims: { sub: { template: '1{id_token:zoneinfo}' } } } }, 'profile.claims.sub'],
    [
      'a verification that is always true',
      { profile: { claims: { email: 'id_token:email', email_verified: { value: true } } } },
      'profile.claims.email_verified',
    ],
    [
      'the profile of a preset, read from an own server',
      { preset: 'github', access_token_url: `${HONEST}/t`, profile: PROFILE_ELSEWHERE },
      'profile.claims.sub',
    ],
  ])('refuses a client at run time that identifies users of the issuer by %s', async (_, settings, key) => {
    const given = { client_id: 'dev', issuer: HONEST, ...settings };
    Logger.overrideLogger(false);
    const { registry } = await testAppOf({ resolveClient: () => given });
    const fault = new RegExp(`\\btenant\\.${key.replaceAll('.', '\\.')}: not allowed .* at run time`);
    expect(() => registry.register('tenant', given)).toThrow(fault);
    await expect(registry.resolve('tenant')).rejects.toThrow(fault);
  });

  it.each<[string, object]>([
    ['LINE, which signs with the client secret', { preset: 'line', ...SECRET }],
    ['Xero, whose preset reads sub from another claim', { preset: 'xero', client_secret: 's' }],
    [
      'an issuer whose email is in another claim, which is then not verified',
      { issuer: HONEST, profile: { claims: { email: ['id_token:email', 'id_token:upn'], name: 'id_token:name' } } },
    ],
  ])('accepts a client at run time of %s', async (_, settings) => {
    const { registry } = await start();
    expect(() => registry.register('tenant', { client_id: 'dev', ...settings })).not.toThrow();
  });

  it('refuses metadata at a well-known URL of another issuer', async () => {
    evil.on('GET /.well-known/openid-configuration', () => ({
      json: { issuer: HONEST, authorization_endpoint: `${evil.url}/a`, token_endpoint: `${evil.url}/t` },
    }));
    const url = `${evil.url}/.well-known/openid-configuration`;
    const app = await start({ dev: { clientId: 'dev', serverMetadataUrl: url } });
    const begun = app.registry.get<OAuth2App>('dev').createAuthorizationUrl();
    await expect(begun).rejects.toThrow(/its issuer is "https:\/\/honest\.example", expected "http:\/\/127/);
  });

  it('accepts metadata elsewhere only with allow_issuer_impersonation', async () => {
    evil.on('GET /m', () => ({
      json: { issuer: HONEST, authorization_endpoint: `${evil.url}/a`, token_endpoint: `${evil.url}/t` },
    }));
    const dev = { clientId: 'dev', serverMetadataUrl: `${evil.url}/m`, allowIssuerImpersonation: true };
    const app = await start({ dev });
    expect((await app.registry.get<OAuth2App>('dev').createAuthorizationUrl()).url).toContain(`${evil.url}/a`);
  });

  it.each([
    [`${HONEST}/.well-known/openid-configuration`, HONEST, true],
    [`${HONEST}/.well-known/openid-configuration`, `${HONEST}/`, true],
    [`${HONEST}/a/.well-known/openid-configuration`, `${HONEST}/a`, true],
    [`${HONEST}/.well-known/oauth-authorization-server/a`, `${HONEST}/a`, true],
    [`${HONEST}/.well-known/oauth-authorization-server/a/`, `${HONEST}/a/`, true],
    [`${HONEST}/.well-known/openid-configuration/a`, `${HONEST}/a`, true],
    [`${HONEST}/a/.well-known/oauth-authorization-server`, `${HONEST}/a`, true],
    [`${HONEST}/a/.well-known/openid-configuration`, HONEST, false],
    [`${HONEST}/.well-known/openid-configuration`, `${HONEST}/a`, false],
    [`${HONEST}/a/.well-known/openid-configuration`, `${HONEST}/b`, false],
    [`${HONEST}/.well-known/openid-configuration-of-evil`, HONEST, false],
    [`${HONEST}/files/?/.well-known/openid-configuration`, `${HONEST}/files`, false],
    [`${HONEST}/files/#/.well-known/openid-configuration`, HONEST, false],
    [`https://evil.example/${HONEST}/.well-known/openid-configuration`, HONEST, false],
    [`https://honest.example@evil.example/.well-known/openid-configuration`, HONEST, false],
    [`https://honest.example:444/.well-known/openid-configuration`, HONEST, false],
    [`http://honest.example/.well-known/openid-configuration`, HONEST, false],
  ])('metadata at %s prove the issuer %s: %s', (url, issuer, proven) => {
    expect(provesIssuer(url, issuer)).toBe(proven);
  });
});
