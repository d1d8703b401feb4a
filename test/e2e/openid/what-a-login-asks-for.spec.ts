import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { Browser } from '../../support/browser.js';
import { newKey, publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';
import { testApp } from '../../support/test-app.js';

const KEY = newKey('P-256');
const [ORDERS, BILLS] = ['https://orders.example/', 'https://bills.example/'];
const PAYMENT = { type: 'payment', actions: ['initiate'], amount: '12.50 €' };
const OTHER_PAYMENT = { ...PAYMENT, amount: '1 €' };

function resourceful(settings: OAuth2ClientSettings = {}): SiteClient {
  return { settings: { resource: ORDERS, clientKwargs: { scope: 'openid offline_access read' }, ...settings } };
}

const FEATURES = {
  claimsParameter: { enabled: true },
  resourceIndicators: {
    enabled: true,
    // the request may contain several resources, but a token has one audience
    defaultResource: (_context: unknown, _client: unknown, oneOf?: readonly string[]) => oneOf?.[0],
    getResourceServerInfo: (_context: unknown, audience: string) => ({
      scope: 'read write',
      audience,
      accessTokenFormat: 'jwt' as const,
      jwt: { sign: { alg: 'RS256' as const } },
    }),
  },
  richAuthorizationRequests: {
    enabled: true,
    types: { payment: { validate: () => undefined } },
    authorizationDetailsForGrantSource: ({ oidc }: KoaContextWithOIDC) => details(oidc.params?.authorization_details),
    authorizationDetailsForAccessToken: (_context: unknown, _token: unknown, source?: { rar?: object[] }) =>
      source?.rar,
    authorizationDetailsForIntrospection: (_context: unknown, token: { rar?: object[] }) => token.rar,
  },
} as Configuration['features'];

function details(text: unknown): object[] | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as object[]) : undefined;
}

/** Grants every requested scope, claim and resource. */
async function grantAll({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider, requestParamClaims, resourceServers = {} } = oidc;
  const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addOIDCClaims(requestParamClaims);
  for (const [resource, server] of Object.entries(resourceServers)) grant.addResourceScope(resource, server.scope);
  await grant.save();
  return grant;
}

describe('a login', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      app: await testApp({ withBaseUrl: true }),
      clients: {
        client: { settings: { clientKwargs: { scope: 'openid' } } },
        orders: resourceful(),
        both: resourceful({ resource: [BILLS, ORDERS] }),
        paying: {
          metadata: { authorization_details_types: ['payment'] },
          ...resourceful({ authorizeParams: { authorization_details: [PAYMENT] } }),
        },
        signed: {
          metadata: {
            authorization_details_types: ['payment'],
            jwks: { keys: [publicJwk(KEY, { kid: 'k' })] },
            require_signed_request_object: true,
          },
          settings: {
            ...resourceful().settings,
            privateKeys: { key: KEY, kid: 'k' },
            requireSignedRequestObject: true,
          },
        },
      },
      configuration: {
        acrValues: ['urn:silver', 'urn:gold'],
        claims: { openid: ['sub'], profile: ['name'], email: ['email'], acr: null, auth_time: null },
        conformIdTokenClaims: true, // the id_token contains only `sub` and the requested claims
        loadExistingGrant: grantAll,
        features: FEATURES,
      },
    });
  });

  afterAll(() => site.close());

  it('requests a token for the resource in the settings', async () => {
    const { authorization, token } = await site.signIn('orders');
    expect(authorization.searchParams.getAll('resource')).toEqual([ORDERS]);
    expect(site.seenAt('token').at(-1)?.sent.resource).toBe(ORDERS);
    expect(decodeJwt(token.accessToken)).toMatchObject({ aud: ORDERS, scope: 'read', sub: '1815' });
    const renewed = await site.client('orders').fetchAccessToken({ grantType: 'refresh_token', token });
    expect(decodeJwt(renewed.accessToken)).toMatchObject({ aud: ORDERS, scope: 'read' });
  });

  it('requests a token for another resource', async () => {
    const { authorization, token } = await site.signIn('orders', {
      wishes: { resource: BILLS, scope: 'openid write' },
    });
    expect(authorization.searchParams.getAll('resource')).toEqual([BILLS]);
    expect(decodeJwt(token.accessToken)).toMatchObject({ aud: BILLS, scope: 'write' });
  });

  it('keeps its resource when its token is refreshed', async () => {
    const { token } = await site.signIn('orders', { wishes: { resource: BILLS } });
    const renewed = await site.client('orders').fetchAccessToken({ grantType: 'refresh_token', token });
    expect(decodeJwt(renewed.accessToken)).toMatchObject({ aud: BILLS });
  });

  it('requests a token for several resources', async () => {
    const { authorization, token } = await site.signIn('both');
    expect(authorization.searchParams.getAll('resource')).toEqual([BILLS, ORDERS]);
    expect(site.seenAt('token').at(-1)?.sent.resource).toEqual([BILLS, ORDERS]);
    expect(decodeJwt(token.accessToken).aud).toBe(BILLS);
  });

  it.each([
    ['from the settings', {}, PAYMENT],
    ['from the login', { authorizationDetails: [OTHER_PAYMENT] }, OTHER_PAYMENT],
  ])('sends authorization_details %s', async (_, wishes, payment) => {
    const { authorization, token } = await site.signIn('paying', { wishes });
    expect(details(authorization.searchParams.get('authorization_details'))).toEqual([payment]);
    expect(token.authorization_details).toEqual([payment]);
    expect(decodeJwt(token.accessToken).authorization_details).toEqual([payment]);
  });

  it('sends resources, authorization_details and claims in a signed request', async () => {
    const { authorization, token, userInfo } = await site.signIn('signed', {
      wishes: {
        resource: [BILLS, ORDERS],
        authorizationDetails: [PAYMENT],
        claims: { id_token: { email: null } },
        maxAge: 600,
      },
    });
    expect(decodeJwt(authorization.searchParams.get('request') ?? '')).toMatchObject({
      resource: [BILLS, ORDERS],
      authorization_details: [PAYMENT],
      claims: { id_token: { email: null } },
    });
    expect(decodeJwt(token.accessToken)).toMatchObject({ aud: BILLS, authorization_details: [PAYMENT] });
    expect(userInfo).toMatchObject({ sub: '1815', email: 'ada@example.org', auth_time: expect.any(Number) });
  });

  it('requests single claims of the id_token and of userinfo', async () => {
    const claims = { id_token: { email: { essential: true } }, userinfo: { name: null } };
    const { token, userInfo } = await site.signIn('client', { wishes: { claims } });
    expect(userInfo).toMatchObject({ sub: '1815', email: 'ada@example.org' });
    expect(userInfo).not.toHaveProperty('name');
    expect(await site.client('client').userinfo({ token })).toEqual({ sub: '1815', name: 'Ada Lovelace' });
  });

  it('requests acr_values, and refuses an id_token with another acr', async () => {
    const browser = new Browser();
    const { authorization, userInfo } = await site.signIn('client', { browser, wishes: { acrValues: ['urn:silver'] } });
    expect(authorization.searchParams.get('acr_values')).toBe('urn:silver');
    expect(userInfo).toMatchObject({ acr: 'urn:silver' });
    const again = await site.signIn('client', { browser, wishes: { acrValues: ['urn:gold', 'urn:silver'] } });
    expect(again.userInfo).toMatchObject({ acr: 'urn:silver' });
    const { page } = await site.authorize('client', { browser, wishes: { acrValues: 'urn:gold' } });
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'token_invalid', error_description: expect.stringContaining('acr') });
  });

  it('sends max_age, and the provider asks for the password again', async () => {
    const browser = new Browser();
    expect((await site.signIn('client', { browser })).userInfo).not.toHaveProperty('auth_time');
    const lately = await site.authorize('client', { browser, wishes: { maxAge: 600 } });
    expect(lately.page.url).toContain(`${site.url}/auth/client/callback`); // the provider did not ask for a password
    expect(lately.page.json()).toMatchObject({ userInfo: { auth_time: expect.any(Number) } });
    await new Promise((resolve) => setTimeout(resolve, 1000)); // because `max_age` is in seconds
    const { page } = await site.begin('client', { browser, wishes: { maxAge: 0 } });
    const now = Math.floor(Date.now() / 1000);
    const end = await browser.allow(page);
    const { userInfo } = end.json() as { userInfo: { auth_time: number } };
    expect(userInfo.auth_time).toBeGreaterThanOrEqual(now);
  });

  it('sends prompt=none, and fails if the user is not signed in at the provider', async () => {
    const { page } = await site.begin('client', { wishes: { prompt: 'none' } });
    expect(page.status).toBe(403);
    expect(page.json()).toMatchObject({ error: 'login_required' });
  });
});
