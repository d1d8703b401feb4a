import { afterEach, describe, expect, it } from '@jest/globals';
import { mergeClaims, readClaims } from '../../lib/oauth2/wire/claims.js';
import type { OAuth2App } from 'nestjs-oauth-client';
import { run, stopAll } from '../conformance/relying-party.js';
import { startConformanceProvider, type UnsignedJwt } from '../providers/conformance-provider.js';
import { startScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { testApp } from '../support/test-app.js';

/** Returns an array that is nested this many levels deep. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

describe('claims of the wrong type', () => {
  afterEach(stopAll);

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['email_verified as "false"', { email_verified: 'false' }, { email_verified: false }],
    ['email_verified as "FALSE"', { email_verified: 'FALSE' }, { email_verified: false }],
    ['email_verified as "true"', { email_verified: 'true' }, { email_verified: true }],
    ['email_verified as true', { email_verified: true }, { email_verified: true }],
    ['email_verified as a word', { email_verified: 'no' }, {}],
    ['email_verified as 1', { email_verified: 1 }, {}],
    ['email_verified as an object', { email_verified: { valueOf: 0 } }, {}],
    ['phone_number_verified as "false"', { phone_number_verified: 'false' }, { phone_number_verified: false }],
    ['phone_number_verified as a list', { phone_number_verified: [true] }, {}],
    ['updated_at as a number', { updated_at: 1700000000 }, { updated_at: 1700000000 }],
    ['updated_at as a numeric string', { updated_at: '1700000000' }, { updated_at: 1700000000 }],
    ['updated_at as an ISO 8601 date', { updated_at: '2023-11-14T22:13:20.500Z' }, { updated_at: 1700000000 }],
    ['updated_at as a day', { updated_at: '1970-01-02' }, { updated_at: 86400 }],
    ['updated_at as a word', { updated_at: 'yesterday' }, {}],
    ['updated_at beyond all dates', { updated_at: 1e300 }, {}],
    ['updated_at as a thirteenth month', { updated_at: '2023-13-01' }, {}],
    ['auth_time as a numeric string', { auth_time: '17' }, { auth_time: 17 }],
    ['auth_time as a list', { auth_time: [17] }, {}],
    ['name as a number', { name: 7 }, {}],
    ['email with a line break', { email: 'ada@example.org\r\nbcc: eve@example.org' }, {}],
    ['picture as a script', { picture: 'javascript:alert(1)//' }, {}],
    ['profile as a data URL', { profile: ' data:text/html,x' }, {}],
    ['website with a tab in its scheme', { website: 'java\tscript:alert(1)' }, {}],
    ['website without a scheme', { website: 'www.example.org' }, { website: 'www.example.org' }],
    ['picture as a link', { picture: 'https://p.test/ada.png' }, { picture: 'https://p.test/ada.png' }],
    ['email as a list', { email: ['a@example.org', 'b@example.org'] }, {}],
    ['email as an object', { email: { toString: 'a' } }, {}],
    ['zoneinfo as null', { zoneinfo: null }, {}],
    ['address as a string', { address: 'a street' }, {}],
    ['address as an object', { address: { locality: 'Cagliari' } }, { address: { locality: 'Cagliari' } }],
    ['amr with entries that are not strings', { amr: ['pwd', 7, {}] }, { amr: ['pwd'] }],
    ['a custom claim', { roles: ['a', { b: 1 }] }, { roles: ['a', { b: 1 }] }],
    ['a custom claim that is nested', { roles: nested(15) }, { roles: nested(15) }],
  ])('reads or drops a claim in userinfo and in the id_token: %s', async (_, sent, read) => {
    const idToken = ({ header, claims }: UnsignedJwt) => ({ header, claims: { ...claims, ...sent } });
    if (!('auth_time' in sent)) {
      const { body } = await run({ idToken }); // an invalid auth_time makes the id_token invalid
      for (const name of Object.keys(sent)) expect(body.userInfo?.[name]).toEqual(read[name]);
    }
    expect(readClaims({ sub: 'ada', ...sent })).toEqual({ sub: 'ada', ...read });
    const { provider, app, body } = await run({ userinfo: (claims) => ({ sub: claims.sub, ...sent }) });
    const token = body.token as { accessToken: string };
    const userInfo = await app.registry.get<OAuth2App>('rp').userinfo({ token });
    expect(userInfo).toEqual({ sub: 'ada', ...read });
    expect(provider.times('/userinfo')).toBe(1);
  });

  it.each(['express', 'fastify'] as const)(
    'email_verified as "false" does not verify the email for a handler on %s',
    async (platform) => {
      const provider = await startConformanceProvider('RS256', {
        idToken: ({ header, claims }) => ({
          header,
          claims: { ...claims, email: 'a@example.org', email_verified: 'false' },
        }),
      });
      const rp = { clientId: 'rp', clientSecret: 'a secret', issuer: provider.url, clientKwargs: { scope: 'openid' } };
      const app = await testApp({ platform, clients: { rp } });
      const page = await new Browser().get(`${app.url}/auth/rp/login`);
      expect(page.json()).toMatchObject({ userInfo: { email: 'a@example.org', email_verified: false } });
      await app.close();
      await provider.close();
    },
  );

  it('reads claims in a signed userinfo response', async () => {
    const { app, body } = await run({
      signsUserinfo: true,
      userinfo: (claims) => ({ sub: claims.sub, email_verified: 'false', updated_at: '1970-01-02T00:00:00Z' }),
    });
    const token = body.token as { accessToken: string };
    const userInfo = await app.registry.get<OAuth2App>('rp').userinfo({ token });
    expect(userInfo).toMatchObject({ email_verified: false, updated_at: 86400 });
  });

  it('prototype pollution: copying claims does not change the prototype of the copy', () => {
    const claims = readClaims(JSON.parse('{ "sub": "ada", "__proto__": { "admin": true } }') as { sub: string });
    expect(Object.keys(claims)).toEqual(['sub']);
    expect(Object.assign({}, claims)).not.toHaveProperty('admin');
  });

  it('drops claims that are nested more than 16 levels deep', () => {
    expect(readClaims({ sub: 'ada', roles: nested(17), groups: nested(16) })).toEqual({
      sub: 'ada',
      groups: nested(16),
    });
  });

  it('reads at most 500 claims', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`claim${index}`, index]));
    expect(Object.keys(readClaims(many))).toHaveLength(500);
  });

  it('does not combine email_verified of userinfo with the email of the id_token', async () => {
    const { body } = await run({
      settings: { userInfoFrom: 'userinfo' },
      idToken: ({ header, claims }) => ({ header, claims: { ...claims, email: 'victim@example.org' } }),
    });
    expect(body.userInfo).toMatchObject({ sub: 'ada', email: 'victim@example.org' });
    expect(body.userInfo).not.toHaveProperty('email_verified');
    const phone = { phone_number: '+1', phone_number_verified: true };
    expect(mergeClaims({ sub: 'ada', ...phone }, { phone_number: '+2' })).toEqual({ sub: 'ada', phone_number: '+2' });
    expect(mergeClaims({ sub: 'ada', ...phone }, { phone_number: '+1' })).toEqual({ sub: 'ada', ...phone });
  });
});

it('prototype pollution: an introspection response does not change the prototype of its copy', async () => {
  const provider = await startScriptedProvider();
  provider.on('POST /introspect', () => ({
    headers: { 'content-type': 'application/json' },
    body: '{"active": true, "sub": "ada", "exp": "1700000000", "picture": "javascript:x", "__proto__": {"admin": true}}',
  }));
  const dev = { clientId: 'dev', clientSecret: 's', accessTokenUrl: `${provider.url}/token`, allowInsecureHttp: true };
  const endpoints = { authorizeUrl: `${provider.url}/authorize`, introspectionEndpoint: `${provider.url}/introspect` };
  const clients = { dev: { ...dev, ...endpoints } };
  const app = await testApp({ clients });
  try {
    const answer = await app.registry.get<OAuth2App>('dev').introspectToken({ token: { accessToken: 'a' } });
    expect(answer).toEqual({ active: true, sub: 'ada', exp: 1700000000 });
    expect(Object.assign({}, answer)).not.toHaveProperty('admin');
  } finally {
    await app.close();
    await provider.close();
  }
});
