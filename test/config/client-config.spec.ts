import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { clientConfig, type OAuth1ClientConfig, type OAuth2ClientConfig } from '../../lib/config/client-config.js';
import { readClient } from '../../lib/config/read-client.js';
import { normalizeKeys } from '../../lib/config/setting-keys.js';

const RSA_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const fetchToken = (): undefined => undefined;
const updateToken = (): undefined => undefined;

/** A row: a key and a value of the settings, and the property and value of the client config. */
type Row = [key: string, value: unknown, read: string, expected: unknown];

const COMMON: Row[] = [
  ['client_id', 'id', 'clientId', 'id'],
  ['client_secret', 's', 'clientSecret', 's'],
  ['access_token_params', { a_b: 1 }, 'accessTokenParams', { a_b: 1 }],
  ['authorize_params', { a_b: true }, 'authorizeParams', { a_b: true }],
  ['api_base_url', 'https://p.test:8443/1.1/', 'apiBaseUrl', 'https://p.test:8443/1.1/'],
  ['api_base_url', 'https://p.test:8443/1.1/', 'apiOrigins', new Set(['https://p.test:8443'])],
  ['api_origins', ['https://u.test', 'https://v.test/'], 'apiOrigins', new Set(['https://u.test', 'https://v.test'])],
  ['fetch_token', fetchToken, 'fetchToken', fetchToken],
];

const OAUTH1: Row[] = [
  ...COMMON,
  ['authorize_url', 'https://p.test/a', 'authorizeUrl', 'https://p.test/a'],
  ['access_token_url', 'https://p.test/t', 'accessTokenUrl', 'https://p.test/t'],
  ['request_token_url', 'https://p.test/r', 'requestTokenUrl', 'https://p.test/r'],
  ['request_token_params', { x_y: 'z' }, 'requestTokenParams', { x_y: 'z' }],
  ['allow_session_fixation', true, 'allowSessionFixation', true],
];

/** The endpoints in {@link OAUTH2_CLIENT}. */
const WELL_KNOWN = '/.well-known/openid-configuration';
const NAMED = { authorization_endpoint: 'https://p.test/authorize', token_endpoint: 'https://p.test/token' };

const OAUTH2: Row[] = [
  ...COMMON,
  ['authorize_url', 'https://p.test/a', 'endpoints', { ...NAMED, authorization_endpoint: 'https://p.test/a' }],
  ['access_token_url', 'https://p.test/t', 'endpoints', { ...NAMED, token_endpoint: 'https://p.test/t' }],
  ['jwks_uri', 'https://p.test/e', 'endpoints', { ...NAMED, jwks_uri: 'https://p.test/e' }],
  ['userinfo_endpoint', 'https://p.test/e', 'endpoints', { ...NAMED, userinfo_endpoint: 'https://p.test/e' }],
  ['revocation_endpoint', 'https://p.test/e', 'endpoints', { ...NAMED, revocation_endpoint: 'https://p.test/e' }],
  ['introspection_endpoint', 'https://p.test/e', 'endpoints', { ...NAMED, introspection_endpoint: 'https://p.test/e' }],
  ['end_session_endpoint', 'https://p.test/e', 'endpoints', { ...NAMED, end_session_endpoint: 'https://p.test/e' }],
  [
    'pushed_authorization_request_endpoint',
    'https://p.test/e',
    'endpoints',
    { ...NAMED, pushed_authorization_request_endpoint: 'https://p.test/e' },
  ],
  [
    'device_authorization_endpoint',
    'https://p.test/e',
    'endpoints',
    { ...NAMED, device_authorization_endpoint: 'https://p.test/e' },
  ],
  [
    'backchannel_authentication_endpoint',
    'https://p.test/e',
    'endpoints',
    { ...NAMED, backchannel_authentication_endpoint: 'https://p.test/e' },
  ],
  ['registration_endpoint', 'https://p.test/e', 'endpoints', { ...NAMED, registration_endpoint: 'https://p.test/e' }],
  ['authorize_params', { claims: { id_token: {} } }, 'authorizeParams', { claims: { id_token: {} } }],
  ['issuer', 'https://p.test', 'issuer', 'https://p.test'],
  ['grant_type', 'client_credentials', 'grantType', 'client_credentials'],
  ['resource', 'https://api.p.test', 'resource', ['https://api.p.test']],
  ['resource', ['https://a.p.test', 'urn:b'], 'resource', ['https://a.p.test', 'urn:b']],
  ['clock_tolerance', 5, 'clockTolerance', 5],
  ['user_info_from', 'userinfo', 'userInfoFrom', 'userinfo'],
  ['id_token_signed_response_alg', 'PS256', 'idTokenSignedResponseAlg', 'PS256'],
  ['userinfo_signed_response_alg', 'ES256', 'userinfoSignedResponseAlg', 'ES256'],
  ['authorization_signed_response_alg', 'Ed25519', 'authorizationSignedResponseAlg', 'Ed25519'],
  ['introspection_signed_response_alg', 'RS512', 'introspectionSignedResponseAlg', 'RS512'],
  ['detached_signature', true, 'detachedSignature', true],
  ['client_assertion_audience', 'token_endpoint', 'clientAssertionAudience', 'token_endpoint'],
  ['require_pushed_authorization_requests', true, 'requirePushedAuthorizationRequests', true],
  ['request_object_encryption_alg', 'RSA-OAEP-256', 'requestObjectEncryptionAlg', 'RSA-OAEP-256'],
  ['request_object_encryption_enc', 'A128GCM', 'requestObjectEncryptionEnc', 'A128GCM'],
  ['dpop_bound_access_tokens', true, 'dpopBoundAccessTokens', true],
  ['allow_insecure_http', true, 'allowInsecureHttp', true],
  ['refresh_token_url', 'https://p.test/f', 'refreshTokenUrl', 'https://p.test/f'],
  ['refresh_token_params', { x_y: 'z' }, 'refreshTokenParams', { x_y: 'z' }],
  ['server_metadata_url', `https://p.test${WELL_KNOWN}`, 'serverMetadataUrl', `https://p.test${WELL_KNOWN}`],
  ['allow_issuer_impersonation', true, 'allowIssuerImpersonation', true],
  ['client_assertion_audience', 'endpoint', 'clientAssertionAudience', 'endpoint'],
  ['code_challenge_method', 'S256', 'codeChallengeMethod', 'S256'],
  ['update_token', updateToken, 'updateToken', updateToken],
];

const OAUTH1_KWARGS: Row[] = [
  ['signature_method', 'HMAC-SHA256', 'signatureMethod', 'HMAC-SHA256'],
  ['signature_method', 'PLAINTEXT', 'signatureMethod', 'PLAINTEXT'],
  ['signature_type', 'QUERY', 'signatureType', 'QUERY'],
  ['signature_type', 'BODY', 'signatureType', 'BODY'],
  ['realm', 'photos', 'realm', 'photos'],
  ['force_include_body', true, 'forceIncludeBody', true],
];

const OAUTH2_KWARGS: Row[] = [
  ['scope', 'openid email', 'scope', 'openid email'],
  ['scope', ['openid', 'email'], 'scope', 'openid email'],
  ['token_endpoint_auth_method', 'client_secret_post', 'tokenEndpointAuthMethod', 'client_secret_post'],
  ['token_placement', 'uri', 'tokenPlacement', 'uri'],
  ['token_placement', 'body', 'tokenPlacement', 'body'],
  ['code_challenge_method', 'S256', 'codeChallengeMethod', 'S256'],
  ['leeway', 5, 'leeway', 5],
];

const OAUTH1_CLIENT = {
  clientId: 'dev',
  requestTokenUrl: 'https://p.test/request',
  authorizeUrl: 'https://p.test/authorize',
  accessTokenUrl: 'https://p.test/token',
};
const OAUTH2_CLIENT = {
  clientId: 'dev',
  clientSecret: 'secret',
  authorizeUrl: 'https://p.test/authorize',
  accessTokenUrl: 'https://p.test/token',
};

function camelCase(key: string): string {
  return key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Builds the config of a client as every registration does. */
function configOf(...settings: object[]): Record<string, unknown> {
  const normalized = Object.assign({}, ...settings.map((part) => normalizeKeys(part)));
  const client = readClient({ name: 'dev', registeredAtRunTime: false, allowInsecureHosts: false }, normalized);
  if ('faults' in client) throw new Error(client.faults.join('\n'));
  return { ...clientConfig(client) };
}

describe.each([
  ['OAuth 1', OAUTH1_CLIENT, OAUTH1, OAUTH1_KWARGS],
  ['OAuth 2', OAUTH2_CLIENT, OAUTH2, OAUTH2_KWARGS],
])('the config of an %s client', (protocol, client, rows, kwargs) => {
  it.each(rows)('has %s', (key, value, read, expected) => {
    for (const name of [key, camelCase(key)]) {
      const config = configOf(client, { [name]: value });
      expect(config.protocol).toBe(protocol);
      expect(config[read]).toEqual(expected);
    }
  });

  it.each(kwargs)('has client_kwargs.%s', (key, value, read, expected) => {
    for (const name of [key, camelCase(key)]) {
      for (const outer of ['client_kwargs', 'clientKwargs']) {
        expect(configOf(client, { [outer]: { [name]: value } })[read]).toEqual(expected);
      }
    }
  });

  it('has the signature method that compliance_fix registers', () => {
    for (const key of ['compliance_fix', 'complianceFix']) {
      const method = (): string => 'signature';
      const fix = (session: { registerSignatureMethod: (name: string, of: () => string) => void }): void =>
        session.registerSignatureMethod('MINE', method);
      const { compliance } = configOf(client, { [key]: fix }) as unknown as OAuth1ClientConfig;
      expect(compliance.signatureMethods.get('MINE')).toBe(method);
    }
  });
});

describe('the config of a client', () => {
  it.each([
    ['rsa_key', 'RSA-SHA1'],
    ['rsaKey', 'RSA-SHA256'],
  ])('has the parsed key of %s, for %s', (name, signature_method) => {
    const { rsaKey } = configOf(OAUTH1_CLIENT, {
      client_kwargs: { [name]: RSA_KEY, signature_method },
    }) as unknown as OAuth1ClientConfig;
    expect(rsaKey?.export({ type: 'pkcs8', format: 'pem' })).toBe(RSA_KEY);
  });

  it('has the documented defaults of OAuth 1', () => {
    expect(configOf(OAUTH1_CLIENT)).toMatchObject({
      signatureMethod: 'HMAC-SHA1',
      signatureType: 'HEADER',
      forceIncludeBody: false,
      requestTokenParams: {},
      accessTokenParams: {},
      authorizeParams: {},
      apiOrigins: new Set(),
    });
  });

  it('has the documented defaults of OAuth 2', () => {
    expect(configOf(OAUTH2_CLIENT)).toMatchObject({
      tokenEndpointAuthMethod: 'client_secret_basic',
      tokenPlacement: 'header',
      codeChallengeMethod: 'S256',
      leeway: 60,
      clockTolerance: 30,
      userInfoFrom: 'id_token',
      allowInsecureHttp: false,
      dpopBoundAccessTokens: false,
      clientAssertionAudience: 'issuer',
      refreshTokenParams: {},
      apiOrigins: new Set(),
    });
  });

  it('has the client authentication method client_secret_basic with a secret, and none without', () => {
    const { clientSecret: _, ...publicClient } = OAUTH2_CLIENT;
    expect(configOf(OAUTH2_CLIENT).tokenEndpointAuthMethod).toBe('client_secret_basic');
    expect(configOf(publicClient).tokenEndpointAuthMethod).toBe('none');
    expect(configOf(publicClient, { clientSecret: '' }).tokenEndpointAuthMethod).toBe('none');
  });

  it('is for OAuth 1 only if there is a request_token_url', () => {
    expect(configOf(OAUTH1_CLIENT).protocol).toBe('OAuth 1');
    expect(configOf(OAUTH2_CLIENT).protocol).toBe('OAuth 2');
    expect(configOf(OAUTH2_CLIENT, { request_token_url: null }).protocol).toBe('OAuth 2');
  });

  it('does not require endpoints if there is a server_metadata_url', () => {
    const config = configOf({
      client_id: 'dev',
      server_metadata_url: 'https://p.test/.well-known/openid-configuration',
    });
    expect((config as unknown as OAuth2ClientConfig).endpoints).toEqual({});
  });
});
