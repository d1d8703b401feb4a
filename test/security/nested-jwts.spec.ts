import { afterEach, describe, expect, it } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { OAuth2App, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { shown } from '../../lib/oauth2/provider/failed-check.js';
import { checkJwt } from '../../lib/oauth2/wire/jwt.js';
import { run, stopAll } from '../conformance/relying-party.js';
import { clientOf } from '../providers/client-of.js';
import { startConformanceProvider, type Deviations } from '../providers/conformance-provider.js';
import { startScriptedProvider } from '../providers/scripted-provider.js';
import { testApp } from '../support/test-app.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PUBLIC = createPublicKey(privateKey);

function part(json: string): string {
  return Buffer.from(json).toString('base64url');
}

/** Returns a JSON object with an array that is nested this many levels deep. */
function deep(name: string, depth: number): string {
  return `{"alg":"RS256","${name}":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}

const HEADER = part('{"alg":"RS256"}');
const JWTS: [string, string][] = [
  ['whose claims are nested deeply', `${HEADER}.${part(deep('iss', 20_000))}.AA`],
  ['whose claims are nested a little too deeply', `${HEADER}.${part(deep('aud', 17))}.AA`],
  ['whose header is nested deeply', `${part(deep('kid', 20_000))}.${part('{}')}.AA`],
  ['of 100 KB', `${HEADER}.${part(`{"a":"${'x'.repeat(100_000)}"}`)}.AA`],
  ['whose claims are a list', `${HEADER}.${part('[]')}.AA`],
  ['whose claims are not JSON', `${HEADER}.${part('s3cret')}.AA`],
  ['whose header is not base64url', `+++.${part('{}')}.AA`],
  ['of one part', 'a'],
  ['of two parts', `${HEADER}.${part('{}')}`],
  ['of four parts', `${HEADER}.${part('{}')}.AA.AA`],
  ['of a hundred thousand parts', '.'.repeat(100_000)],
  ['that is encrypted, with a header that is nested deeply', `${part(deep('kid', 20_000))}.a.b.c.d`],
  ['that is encrypted for another key', `${part('{"alg":"RSA-OAEP-256","enc":"A256GCM"}')}.a.b.c.d`],
];

function encrypt(text: string, key: KeyObject = PUBLIC): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    .encrypt(key);
}

describe('deeply nested and hostile JWTs', () => {
  const opened: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    await stopAll();
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  describe.each(['express', 'fastify'] as const)('as a login response, on %s', (platform) => {
    it.each(JWTS)('a callback responds with 400 to a JWT %s', async (_, jwt) => {
      const provider = await startConformanceProvider('RS256', {});
      const rp = { clientId: 'rp', clientSecret: 's', issuer: provider.url, privateKeys: [privateKey] };
      const options = { platform, clients: { rp } } as OAuthClientModuleOptions;
      const app = await testApp(options);
      opened.push(app, provider);
      const form = new URLSearchParams({ response: jwt });
      const sent =
        platform === 'express' && jwt.length < 90_000
          ? await fetch(`${app.url}/auth/rp/callback`, { method: 'POST', body: form })
          : await fetch(`${app.url}/auth/rp/callback?${form.toString().slice(0, 60_000)}`);
      expect([400, 431]).toContain(sent.status);
      const body = await sent.text();
      expect(body).not.toMatch(/RangeError|stack|s3cret/);
    });
  });

  it.each(JWTS)('checks the structure of a JWT %s', (_, jwt) => {
    const isEncryptedForNobody = jwt.endsWith('.a.b.c.d') && jwt.length < 1000;
    const check = (): void => checkJwt(jwt);
    if (isEncryptedForNobody) expect(check).not.toThrow();
    else expect(check).toThrow(/^(it is|its (header|claims|JSON))/);
  });

  it.each(JWTS)('refuses a logout token %s', async (_, jwt) => {
    const provider = await startConformanceProvider('RS256', {});
    const rp = { clientId: 'rp', clientSecret: 's', issuer: provider.url, privateKeys: [privateKey] };
    const app = await testApp({ clients: { rp: rp } });
    opened.push(app, provider);
    const client = app.registry.get<OAuth2App>('rp');
    const logout = client.backchannelLogout({ method: 'POST', body: { logout_token: jwt } });
    await expect(logout).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
    expect(provider.times('/jwks')).toBe(0);
  });

  it.each(JWTS)('refuses an id_token %s', async (_, jwt) => {
    const { status, body } = await run({ signedIdToken: () => jwt, settings: { privateKeys: [privateKey] } });
    expect([status, body.error]).toEqual([502, 'token_invalid']);
    expect(body.error_description?.length).toBeLessThan(500);
  });

  it.each<[string, Deviations, object]>([
    ['an id_token', { signedIdToken: async (jwt) => encrypt(await encrypt(jwt)) }, {}],
    [
      'an authorization response',
      { signedJarm: async (jwt) => encrypt(await encrypt(jwt)) },
      { response_mode: 'query.jwt' },
    ],
  ])('refuses a JWT that is encrypted twice, as %s', async (what, deviations, params) => {
    const { body } = await run({
      ...deviations,
      params: params as Record<string, string>,
      settings: { privateKeys: [privateKey] },
    });
    // the state of an unreadable response is unknown, so no pending login is found
    expect(body.error_description).toMatch(what === 'an id_token' ? /not a signed JWT/ : /no pending login/);
  });

  it('decrypts an id_token that is signed inside', async () => {
    const { body } = await run({ signedIdToken: (jwt) => encrypt(jwt), settings: { privateKeys: [privateKey] } });
    expect(body.userInfo).toMatchObject({ sub: 'ada' });
  });

  it('shows only a few characters of a value in an error', () => {
    let nested: unknown = 'x';
    for (let level = 0; level < 100_000; level++) nested = [nested];
    expect(shown(nested)).toBe('(a nested value)');
    expect(shown('x'.repeat(100_000)).length).toBeLessThan(300);
  });

  it.each(['/me', '/introspect', '/token', '/register'])(
    'drops a deeply nested field of plain JSON at %s',
    async (path) => {
      const provider = await startScriptedProvider();
      const usable = '"sub":"ada","active":true,"access_token":"a","token_type":"bearer","client_id":"c"';
      const body = `{${usable},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
      const status = path === '/register' ? 201 : 200;
      const answer = () => ({ status, headers: { 'content-type': 'application/json' }, body });
      for (const method of ['GET', 'POST']) provider.on(`${method} ${path}`, answer);
      const dev = clientOf(provider, {
        clientSecret: 's',
        userinfoEndpoint: `${provider.url}/me`,
        introspectionEndpoint: `${provider.url}/introspect`,
        registrationEndpoint: `${provider.url}/register`,
      });
      const app = await testApp({ clients: { dev } });
      opened.push(app, provider);
      const client = app.registry.get<OAuth2App>('dev');
      const calls: Record<string, () => Promise<object>> = {
        '/me': () => client.userinfo({ token: { accessToken: 'a' } }),
        '/introspect': () => client.introspectToken({ token: { accessToken: 'a' } }),
        '/token': () => client.fetchAccessToken({ grantType: 'client_credentials' }),
        '/register': () => client.registerClient({}),
      };
      const result = await calls[path]?.();
      expect(result).toMatchObject({ sub: 'ada' });
      expect(result).not.toHaveProperty('deep');
    },
  );
});
