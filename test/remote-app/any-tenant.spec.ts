import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  OAuthAccount,
  OAuthCallback,
  OAuthLogin,
  type ClientRegistration,
  type OAuth2App,
  type ProviderAccount,
} from 'nestjs-oauth-client';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const KEY = await generateKeyPair('RS256');
const JWK_OF_ALL: JWK = { ...(await exportJWK(KEY.publicKey)), kid: 'k', use: 'sig' };
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const OTHER = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';
/** The settings of Microsoft's preset. */
const MICROSOFT = JSON.parse(readFileSync('lib/presets/data/microsoft.json', 'utf8')) as {
  settings: { issuer: string; allowAnyTenant: boolean };
};
/** The tenant of personal accounts. Microsoft calls it `consumers`. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

@Controller('account/:provider')
class AccountController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/account/:provider/callback' })
  login(): void {}

  @Get('callback')
  @OAuthCallback()
  callback(@OAuthAccount() account?: ProviderAccount): object {
    return { ...account };
  }
}

/** A provider like Microsoft: metadata for all tenants, with a template in place of the issuer. */
describe('a provider with one issuer per tenant', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;
  let visitor: Visitor;
  const loggedOut: unknown[] = [];

  beforeEach(async () => {
    provider = await startScriptedProvider();
    visitor = new Visitor(() => app);
    for (const name of ['common', 'organizations']) publish(name, '{tenantid}');
    publish('consumers', CONSUMERS);
    provider.on('GET /keys', () => ({ json: { keys: [{ ...JWK_OF_ALL, issuer: issuerOf('{tenantid}') }] } }));
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
    loggedOut.length = 0;
  });

  function issuerOf(tenant: string): string {
    return `${provider.url}/${tenant}/v2.0`;
  }

  function publish(name: string, tenant: string, more: object = {}): void {
    provider.on(`GET /${name}/v2.0/.well-known/openid-configuration`, () => ({
      json: {
        issuer: issuerOf(tenant),
        authorization_endpoint: `${provider.url}/${name}/oauth2/v2.0/authorize`,
        token_endpoint: `${provider.url}/token`,
        end_session_endpoint: `${provider.url}/logout`,
        jwks_uri: `${provider.url}/keys`,
        ...more,
      },
    }));
  }

  function settings(more: object = {}): ClientRegistration {
    return {
      clientId: 'app',
      clientSecret: 'a secret',
      issuer: issuerOf('common'),
      allowAnyTenant: true,
      allowInsecureHttp: true,
      clientKwargs: { scope: 'openid profile' },
      ...more,
    };
  }

  async function start(more: object = {}): Promise<OAuth2App> {
    const microsoft = settings(more);
    app = await testApp({
      clients: { microsoft },
      withBaseUrl: true,
      onBackchannelLogout: (logout) => void loggedOut.push(logout),
    });
    return app.registry.get<OAuth2App>('microsoft');
  }

  function sign(claims: JWTPayload, header: object = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ aud: 'app', iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
      .sign(KEY.privateKey);
  }

  /** Signs in with an id_token that has these claims, and with a callback that has these parameters. */
  async function signIn(claims: JWTPayload = {}, callback: Record<string, string> = {}) {
    const { location, state } = await visitor.login('microsoft');
    const { searchParams } = location;
    const own = { iss: issuerOf(TENANT), tid: TENANT, sub: 'ada', nonce: searchParams.get('nonce'), ...claims };
    const idToken = await sign(own);
    provider.on('POST /token', () => ({
      json: { access_token: 'a', token_type: 'Bearer', refresh_token: 'r', id_token: idToken },
    }));
    const page = await visitor.callback({ code: 'c', state, ...callback }, 'microsoft');
    return { status: page.status, body: page.json() as Record<string, unknown> };
  }

  describe('with allow_any_tenant', () => {
    it.each(['common', 'organizations'])('signs in the users of every tenant at %s', async (name) => {
      await start({ issuer: issuerOf(name) });
      for (const tenant of [TENANT, OTHER]) {
        const { status, body } = await signIn({ iss: issuerOf(tenant), tid: tenant });
        expect([status, body.userInfo]).toMatchObject([200, { sub: 'ada', tid: tenant, iss: issuerOf(tenant) }]);
      }
    });

    it('accepts the setting in snake_case, as environment variables need it', async () => {
      await start({ allowAnyTenant: undefined, allow_any_tenant: true });
      expect((await signIn()).status).toBe(200);
    });

    it('signs in personal accounts at consumers, the name of one tenant', async () => {
      await start({ issuer: issuerOf('consumers') });
      expect((await signIn({ iss: issuerOf(CONSUMERS), tid: CONSUMERS })).status).toBe(200);
      const { body } = await signIn();
      expect(body.error_description).toBe(
        `id_token was issued by "${issuerOf(TENANT)}", expected "${issuerOf(CONSUMERS)}"`,
      );
    });

    it.each([
      ['its id', TENANT],
      ['its domain', 'contoso.onmicrosoft.com'],
      ['a domain of its own', 'contoso.com'],
    ])('signs in only the users of a tenant that is named by %s', async (_, name) => {
      publish(name, TENANT);
      await start({ issuer: issuerOf(name) });
      expect((await signIn()).status).toBe(200);
      for (const claims of [
        { iss: issuerOf(OTHER), tid: OTHER },
        { iss: issuerOf(OTHER), tid: TENANT },
        { iss: issuerOf(name === TENANT ? 'common' : name), tid: TENANT },
      ]) {
        const { status, body } = await signIn(claims);
        expect([status, body.error_description]).toEqual([
          502,
          `id_token was issued by "${claims.iss}", expected "${issuerOf(TENANT)}"`,
        ]);
      }
    });

    it.each(['{tenantid}', OTHER])(
      'refuses metadata of a tenant id whose issuer is of another tenant: %s',
      async (issuer) => {
        publish(TENANT, issuer);
        const dev = await start({ issuer: issuerOf(TENANT) });
        await expect(dev.createAuthorizationUrl()).rejects.toThrow(`expected "${issuerOf(TENANT)}"`);
      },
    );

    it("signs users in at every tenant of the preset's variable", async () => {
      for (const name of [TENANT, 'contoso.onmicrosoft.com']) publish(name, TENANT);
      const users = { common: OTHER, organizations: OTHER, consumers: CONSUMERS };
      for (const name of ['common', 'organizations', 'consumers', TENANT, 'contoso.onmicrosoft.com']) {
        const tenant = Object.hasOwn(users, name) ? users[name as keyof typeof users] : TENANT;
        const { issuer, ...preset } = MICROSOFT.settings;
        const atProvider = issuer.replace('https://login.microsoftonline.com', provider.url).replace('{tenant}', name);
        await start({ ...preset, issuer: atProvider });
        const { status, body } = await signIn({ iss: issuerOf(tenant), tid: tenant });
        expect([name, status, body.userInfo]).toMatchObject([name, 200, { sub: 'ada', tid: tenant }]);
        await app?.close();
      }
      app = undefined;
    });

    it('reads metadata at server_metadata_url, with and without the template as the issuer', async () => {
      const serverMetadataUrl = `${issuerOf('common')}/.well-known/openid-configuration`;
      for (const issuer of [undefined, issuerOf('{tenantid}')]) {
        await start({ issuer, serverMetadataUrl });
        expect((await signIn()).status).toBe(200);
        await app?.close();
      }
    });

    it.each<[string, (issuerOf: (tenant: string) => string) => object]>([
      ['that names another tenant than its issuer', (of) => ({ iss: of(TENANT), tid: OTHER })],
      ['without a tenant', (of) => ({ iss: of(TENANT), tid: undefined })],
      ['whose tenant is not a GUID', (of) => ({ iss: of('common'), tid: 'common' })],
      ['whose tenant is a path', (of) => ({ iss: of(`${TENANT}/../x`), tid: `${TENANT}/../x` })],
      ['whose tenant is an array', (of) => ({ iss: of(TENANT), tid: [TENANT] })],
      ['whose tenant is null', (of) => ({ iss: of(TENANT), tid: null })],
      ['whose issuer is the template', (of) => ({ iss: of('{tenantid}'), tid: '{tenantid}' })],
      ['of another host', () => ({ iss: `https://evil.example/${TENANT}/v2.0`, tid: TENANT })],
      ['of another version', (of) => ({ iss: of(TENANT).replace('v2.0', 'v1.0'), tid: TENANT })],
    ])('refuses an id_token %s', async (_, claimsOf) => {
      await start();
      const { status, body } = await signIn(claimsOf(issuerOf) as JWTPayload);
      expect([status, body.error]).toEqual([502, 'token_invalid']);
      expect(body.error_description).toMatch(/^id_token(: it)? was issued by /);
    });

    it('refuses an id_token that is signed with a key of another issuer', async () => {
      provider.on('GET /keys', () => ({ json: { keys: [{ ...JWK_OF_ALL, issuer: issuerOf(CONSUMERS) }] } }));
      await start();
      expect((await signIn()).body.error_description).toContain('no one key that fits the id_token');
      expect((await signIn({ iss: issuerOf(CONSUMERS), tid: CONSUMERS })).status).toBe(200);
    });

    it('accepts only the issuer of the id_token as the iss of a callback', async () => {
      publish('common', '{tenantid}', { authorization_response_iss_parameter_supported: true });
      await start();
      expect((await signIn({}, { iss: issuerOf(TENANT) })).status).toBe(200);
      expect((await signIn({}, { iss: issuerOf(OTHER) })).body.error_description).toBe(
        `id_token was issued by "${issuerOf(TENANT)}", expected "${issuerOf(OTHER)}"`,
      );
      for (const iss of [issuerOf('{tenantid}'), issuerOf('common'), `https://evil.example/${TENANT}/v2.0`]) {
        expect((await signIn({}, { iss })).body.error_description).toContain('the callback is from');
      }
    });

    it('accepts a signed authorization response (JARM) of a tenant', async () => {
      const dev = await start();
      const begun = await visitor.get(`${app?.url}/auth/microsoft/login?response_mode=jwt`, { follow: false });
      const { searchParams } = new URL(begun.headers.get('location') ?? '');
      const nonce = searchParams.get('nonce') ?? '';
      const idToken = await sign({ iss: issuerOf(TENANT), tid: TENANT, sub: 'ada', nonce });
      provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer', id_token: idToken } }));
      const jarm = await sign({ iss: issuerOf(TENANT), code: 'c', state: searchParams.get('state') });
      const page = await visitor.get(`${app?.url}/auth/microsoft/callback?response=${jarm}`);
      expect([page.status, dev.name]).toEqual([200, 'microsoft']);
    });

    it('checks that a logout token is from the issuer of its tenant', async () => {
      const dev = await start();
      const logout = (iss: string): Promise<unknown> =>
        sign({
          iss,
          sub: 'ada',
          jti: randomUUID(),
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        }).then((token) => dev.backchannelLogout({ method: 'POST', body: { logout_token: token } }));
      expect(await logout(issuerOf(TENANT))).toMatchObject({ iss: issuerOf(TENANT), sub: 'ada' });
      expect(loggedOut).toMatchObject([{ name: 'microsoft', iss: issuerOf(TENANT), sub: 'ada' }]);
      for (const iss of [`https://evil.example/${TENANT}/v2.0`, issuerOf('common'), issuerOf('{tenantid}')]) {
        await expect(logout(iss)).rejects.toThrow('was issued by');
      }
    });

    it('refuses a refreshed id_token of another tenant', async () => {
      const dev = await start();
      const { body } = await signIn();
      const token = body.token as { accessToken: string };
      const refreshed = async (tenant: string): Promise<unknown> => {
        const idToken = await sign({ iss: issuerOf(tenant), tid: tenant, sub: 'ada' });
        provider.on('POST /token', () => ({ json: { access_token: 'b', token_type: 'Bearer', id_token: idToken } }));
        return dev.fetchAccessToken({ grantType: 'refresh_token', token });
      };
      expect(await refreshed(TENANT)).toMatchObject({ accessToken: 'b' });
      await expect(refreshed(OTHER)).rejects.toThrow(`expected "${issuerOf(TENANT)}"`);
    });

    it('includes the issuer of the tenant in the account', async () => {
      const site = await testApp({ withBaseUrl: true, controllers: [AccountController] });
      try {
        site.registry.register('microsoft', settings());
        const begun = await visitor.get(`${site.url}/account/microsoft/login`, { follow: false });
        const { searchParams } = new URL(begun.headers.get('location') ?? '');
        const nonce = searchParams.get('nonce') ?? '';
        const idToken = await sign({ iss: issuerOf(TENANT), tid: TENANT, sub: 'ada', nonce });
        provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer', id_token: idToken } }));
        const state = searchParams.get('state') ?? '';
        const page = await visitor.get(`${site.url}/account/microsoft/callback?code=c&state=${state}`);
        expect(page.json()).toEqual({ client: 'microsoft', subject: 'ada', issuer: issuerOf(TENANT) });
      } finally {
        await site.close();
      }
    });
  });

  describe('without allow_any_tenant', () => {
    it('the error names the template and the setting', async () => {
      const dev = await start({ allowAnyTenant: false });
      await expect(dev.createAuthorizationUrl()).rejects.toMatchObject({
        description: expect.stringContaining(
          `its issuer is the template "${issuerOf('{tenantid}')}", which stands for every tenant. Set issuer to that of ` +
            'your tenant, or, if the users of every tenant may sign in, set allow_any_tenant',
        ),
      });
    });

    it('allow_issuer_impersonation does not replace allow_any_tenant', async () => {
      const dev = await start({ allowAnyTenant: false, allowIssuerImpersonation: true });
      await expect(dev.createAuthorizationUrl()).rejects.toThrow('set allow_any_tenant');
    });

    it('the error names the issuer to set instead of an alias of a tenant', async () => {
      const dev = await start({ allowAnyTenant: false, issuer: issuerOf('consumers') });
      await expect(dev.createAuthorizationUrl()).rejects.toThrow(
        `its issuer is "${issuerOf(CONSUMERS)}", expected "${issuerOf('consumers')}". If that is your tenant, set issuer to it`,
      );
    });

    it('signs in only the users of the tenant whose issuer is set', async () => {
      publish(TENANT, TENANT);
      await start({ allowAnyTenant: false, issuer: issuerOf(TENANT) });
      expect((await signIn()).status).toBe(200);
      expect((await signIn({ iss: issuerOf(OTHER), tid: OTHER })).status).toBe(502);
    });
  });

  it.each([
    { issuer: 'https://login.example/{tenantid}/v2.0' },
    { issuer: 'https://login.example/{tenantid}/v2.0', allowAnyTenant: true },
    { issuer: 'https://login.example/{tenant}/v2.0', allowAnyTenant: true },
  ])('refuses a template as the issuer in the settings: %j', async (settings) => {
    await expect(start(settings)).rejects.toThrow(
      'microsoft.issuer: has a placeholder; expected the issuer of a tenant',
    );
  });

  it.each([
    'https://{tenantid}.example/v2.0',
    'https://login.example/x{tenantid}/v2.0',
    'https://login.example/v2.0?t={tenantid}',
  ])('refuses a template outside of a path segment: %s', async (issuer) => {
    publish('common', 'x', { issuer });
    const dev = await start();
    await expect(dev.createAuthorizationUrl()).rejects.toThrow('is not usable: ');
  });
});
