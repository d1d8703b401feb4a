import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { OAuthError, type OAuth2App } from 'nestjs-oauth-client';
import { DpopKeys } from '../../lib/oauth2/client/dpop-keys.js';
import { DpopProofs } from '../../lib/oauth2/client/dpop-proofs.js';
import { authorizationError } from '../../lib/oauth2/provider/provider-error.js';
import { readJwkSet } from '../../lib/oauth2/provider/jwk-set.js';
import { readMetadata } from '../../lib/oauth2/provider/metadata-schema.js';
import { run, stopAll } from '../conformance/relying-party.js';
import { RS256 } from '../providers/conformance-provider.js';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const JUNK = [5, null, true, 'x', '', [], {}, [[]], [null], { a: { b: 1 } }, -1, 1e300, 'javascript:alert(1)'];
const FIELDS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
  'end_session_endpoint',
  'code_challenge_methods_supported',
  'id_token_signing_alg_values_supported',
  'authorization_signing_alg_values_supported',
  'authorization_response_iss_parameter_supported',
  'require_pushed_authorization_requests',
  'require_signed_request_object',
  'mtls_endpoint_aliases',
];

describe('metadata of the wrong type', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
    await stopAll();
  });

  async function client(metadata: object | string, settings: object = {}): Promise<OAuth2App> {
    const body = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
    provider.on('GET /.well-known/openid-configuration', () => ({ body }));
    const dev = { clientId: 'dev', issuer: provider.url, clientKwargs: { scope: 'openid' }, ...settings };
    app = await testApp({ clients: { dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  function right(): Record<string, unknown> {
    return metadataOf(provider, { jwks_uri: `${provider.url}/jwks` });
  }

  it.each(FIELDS)('treats a value of the wrong type as absent: %s', async (field) => {
    for (const junk of JUNK) {
      const dev = await client({ ...right(), [field]: junk });
      const outcome: unknown = await dev.createAuthorizationUrl().catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(OAuthError);
      else expect(outcome).toMatchObject({ url: expect.stringMatching(/^http:\/\/127/) });
      await app?.close();
    }
    app = undefined;
  });

  it.each(JUNK)('refuses %j as the issuer', async (issuer) => {
    const dev = await client({ ...right(), issuer });
    await expect(dev.createAuthorizationUrl()).rejects.toThrow(
      /server metadata .* is not usable: (it has no issuer|its issuer is)/,
    );
  });

  it.each([
    '<html>s3cret</html>',
    '[]',
    '"s3cret"',
    '',
    '['.repeat(100_000),
    `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  ])('refuses metadata that are not a JSON object, without quoting them', async (body) => {
    const dev = await client(body);
    const error: unknown = await dev.createAuthorizationUrl().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ error: 'provider_answer_invalid', status: 502 });
    expect(String(error)).toMatch(/is not a JSON object|nested more than 16 levels/);
    expect(String(error)).not.toMatch(/s3cret|html|Unexpected|token/i);
  });

  it('drops mtls_endpoint_aliases that are not usable URLs', () => {
    const aliases = { token_endpoint: 'https://p.test/t', userinfo_endpoint: 7, jwks_uri: 'http://p.test/k', a: {} };
    const body = JSON.stringify({ issuer: 'https://p.test', mtls_endpoint_aliases: aliases });
    expect(readMetadata(body, { allowInsecureHttp: false, allowInsecureHosts: false })).toEqual({
      issuer: 'https://p.test',
      mtls_endpoint_aliases: { token_endpoint: 'https://p.test/t' },
    });
  });

  it('drops entries that are not strings, and fields that are not used', () => {
    const list = ['S256', 7, null, {}, 'x'.repeat(10_000)];
    const body = `{"issuer":"https://p.test","code_challenge_methods_supported":${JSON.stringify(list)},"x":1,"__proto__":{"require_signed_request_object":true}}`;
    const metadata = readMetadata(body, { allowInsecureHttp: false, allowInsecureHosts: false });
    expect(metadata).toEqual({ issuer: 'https://p.test', code_challenge_methods_supported: ['S256'] });
    expect(metadata.require_signed_request_object).toBeUndefined();
  });

  it('limits the freshness of metadata to one day, whatever the max-age', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: right(),
      headers: { 'cache-control': `max-age=${'9'.repeat(400)}` },
    }));
    app = await testApp({ clients: { dev: { clientId: 'dev', issuer: provider.url } } });
    expect((await app.registry.get<OAuth2App>('dev').createAuthorizationUrl()).url).toContain('/authorize');
  });
});

describe('keys of the wrong type', () => {
  afterEach(stopAll);

  const good = RS256.publicJwk;

  it.each<[string, unknown[]]>([
    ['null', [null]],
    ['a string', ['key']],
    ['a list', [[]]],
    ['an object without a kty', [{ kid: 'rsa-1' }]],
    ['a key whose kty is a number', [{ ...good, kty: 7 }]],
    ['a key whose kid is an object', [{ ...good, kid: {} }]],
    ['a key whose key_ops is a string', [{ ...good, key_ops: 'verify' }]],
    ['a key of 1 MB', [{ ...good, n: 'A'.repeat(500_000) }]],
    ['a shared secret', [{ kty: 'oct', k: 'c2VjcmV0', alg: 'RS256', kid: 'rsa-1' }]],
  ])('ignores %s in a JWKS', async (_, junk) => {
    expect((await run({ jwks: (keys) => [...(junk as typeof keys), ...keys] })).status).toBe(200);
    const { status, body } = await run({ jwks: () => junk as never });
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description).toMatch(/the provider has no one key that fits the id_token/);
  });

  it.each<[string, object]>([
    ['whose modulus is not base64url', { n: '+++' }],
    ['without a modulus', { n: undefined }],
    ['whose modulus is one byte', { n: 'AQ' }],
    ['whose exponent is empty', { e: '' }],
  ])('refuses an id_token when the key is one %s', async (_, change) => {
    const { status, body } = await run({ jwks: () => [{ ...good, ...change }] });
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description).toMatch(/^id_token: /);
  });

  it('reads only public keys, at most a hundred', () => {
    const keys = Array.from({ length: 1000 }, () => ({ kty: 'RSA', n: 'AQ', e: 'AQAB', d: 's3cret', p: 's3cret' }));
    const read = readJwkSet(JSON.stringify({ keys }));
    expect(read.keys).toHaveLength(100);
    expect(JSON.stringify(read)).not.toContain('s3cret');
  });

  it.each(['<html>s3cret', '{"keys":"s3cret"}', '[]'])('refuses a JWKS of %s without quoting it', (body) => {
    expect(() => readJwkSet(body)).toThrow(/^not a JWK Set$/);
  });
});

describe('an invalid HTTP status of a provider', () => {
  let server: Server;
  let app: TestApp | undefined;

  afterEach(async () => {
    await app?.close();
    server.close();
  });

  it.each(['999', '600', '199 Odd', '000'])('refuses the HTTP status %s of a provider', async (status) => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(`HTTP/1.1 ${status} x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clients = {
      discovered: { clientId: 'dev', issuer: url },
      dev: { clientId: 'dev', authorizeUrl: `${url}/a`, accessTokenUrl: `${url}/t`, userinfoEndpoint: `${url}/me` },
    };
    app = await testApp({ clients, http: { timeout: 1000 } });
    const failed = { error: 'provider_answer_invalid' };
    await expect(app.registry.get<OAuth2App>('discovered').createAuthorizationUrl()).rejects.toMatchObject(failed);
    const dev = app.registry.get<OAuth2App>('dev');
    await expect(dev.fetchAccessToken({ code: 'c' })).rejects.toMatchObject(failed);
    await expect(dev.userinfo({ token: { accessToken: 'a' } })).rejects.toMatchObject(failed);
  });
});

describe('strings of a provider', () => {
  it.each([
    'https://p.test/"><script>',
    'https://p.test/a b',
    'https://p.test/\\',
    'https://p.test/\u0000',
    'https://p.test/ü',
    `https://p.test/${'x'.repeat(3000)}`,
    'javascript:alert(1)',
  ])('ignores %j as the error_uri', (error_uri) => {
    expect(authorizationError({ error: 'access_denied', error_uri }).uri).toBeUndefined();
  });

  it('accepts an error_uri with the characters that RFC 6749 allows', () => {
    expect(authorizationError({ error: 'access_denied', error_uri: 'https://p.test/e?a=b#c' }).uri).toBe(
      'https://p.test/e?a=b#c',
    );
  });

  it.each([
    ['a valid nonce', 'eyJ7S_zG.eyJH0-Z.HX4w-7v', true],
    ['one with a space', 'a b', false],
    ['one with a quote', 'a"b', false],
    ['one of 2000 characters', 'x'.repeat(2000), false],
    ['an empty nonce', '', false],
  ])('accepts only the characters that RFC 9449 allows in a DPoP nonce: %s', async (_, nonce, isGood) => {
    const keys = new DpopKeys({ dpopBoundAccessTokens: true } as never);
    const key = await keys.keyFor();
    const proofs = new DpopProofs(keys);
    proofs.receive('https://p.test', { 'dpop-nonce': nonce }, false);
    const proof = await proofs.make(key!, { method: 'GET', url: 'https://p.test/a' });
    const claims = JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()) as { nonce?: string };
    expect(claims.nonce).toBe(isGood ? nonce : undefined);
  });

  it('memory exhaustion: limits the DPoP nonces of many origins', () => {
    const keys = new DpopKeys({ dpopBoundAccessTokens: true } as never);
    const origins = Array.from({ length: 5_000 }, (_, index) => `https://api-${index}.test`);
    for (const origin of origins) new DpopProofs(keys).receive(`${origin}/a`, { 'dpop-nonce': 'n' }, false);
    expect(origins.filter((origin) => keys.nonceFor(origin) !== undefined)).toEqual(origins.slice(-1_000));
  });
});
