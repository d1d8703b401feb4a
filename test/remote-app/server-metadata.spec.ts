import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError, type ClientRegistration, type OAuth2App } from 'nestjs-oauth-client';
import { metadataOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';

describe('provider metadata', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function start(settings: object = { issuer: provider.url }): Promise<OAuth2App> {
    const dev = { clientId: 'dev', ...settings } as ClientRegistration;
    app = await testApp({ clients: { dev } });
    return app.registry.get<OAuth2App>('dev');
  }

  function metadata(issuer: string): object {
    return metadataOf(provider, { issuer });
  }

  async function failure(settings?: object): Promise<ProviderError> {
    const dev = await start(settings);
    const error: unknown = await dev.createAuthorizationUrl().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    return error as ProviderError;
  }

  function asked(): string[] {
    return provider.requests.map(({ path }) => path);
  }

  it.each([`/a/b${OPENID}`, `${OPENID}/a/b`, `${OAUTH}/a/b`, `/a/b${OAUTH}`])(
    'finds the metadata of an issuer with a path at %s',
    async (place) => {
      const issuer = `${provider.url}/a/b`;
      provider.on(`GET ${place}`, () => ({ json: metadata(issuer) }));
      expect((await (await start({ issuer })).createAuthorizationUrl()).url).toContain('/authorize');
    },
  );

  it.each([OPENID, OAUTH])(
    'finds the metadata of an issuer without a path at %s, with one request per URL',
    async (place) => {
      provider.on(`GET ${place}`, () => ({ json: metadata(provider.url) }));
      expect((await (await start()).createAuthorizationUrl()).url).toContain('/authorize');
      expect(new Set(asked()).size).toBe(asked().length);
    },
  );

  it('refuses metadata of another issuer at each of these URLs', async () => {
    const issuer = `${provider.url}/a`;
    for (const place of [`/a${OPENID}`, `${OPENID}/a`, `${OAUTH}/a`, `/a${OAUTH}`]) {
      provider.on(`GET ${place}`, () => ({ json: metadata(provider.url) }));
    }
    const { description } = await failure({ issuer });
    expect(description).toContain(`its issuer is "${provider.url}", expected "${issuer}"`);
  });

  it('the error for missing metadata lists every URL with status and content type, and is not temporary', async () => {
    const { description, isTemporary } = await failure({ issuer: `${provider.url}/a` });
    expect(description).toContain('the answer has the status 404, expected 200 (no content type)');
    for (const place of [`/a${OPENID}`, `${OPENID}/a`, `${OAUTH}/a`, `/a${OAUTH}`]) {
      expect(description).toContain(provider.url + place);
    }
    expect(isTemporary).toBe(false);
  });

  it('the error for a provider that is down is temporary, after one request', async () => {
    provider.on(`GET ${OPENID}`, () => ({
      status: 503,
      headers: { 'content-type': 'text/plain', 'retry-after': '7' },
      body: 'maintenance',
    }));
    const { description, isTemporary, retryAfter } = await failure();
    expect(description).toContain('the answer has the status 503, expected 200 (content type "text/plain")');
    expect([isTemporary, retryAfter]).toEqual([true, 7]);
    expect(asked()).toEqual([OPENID]);
  });

  it.each([301, 302, 303, 307, 308])(
    'does not follow a redirect (%i), and the error shows its target',
    async (status) => {
      provider.on(`GET ${OPENID}`, () => ({
        status,
        headers: { location: `${provider.url}/moved?secret=s3cret`, 'content-type': 'text/html' },
      }));
      provider.on('GET /moved', () => ({ json: metadata(provider.url) }));
      const { description, isTemporary } = await failure();
      expect(description).toContain(`the answer has the status ${status}, expected 200`);
      expect(description).toContain(
        `content type "text/html", location "${provider.url}/moved", which is not followed`,
      );
      expect(description).not.toContain('s3cret');
      expect(isTemporary).toBe(false);
      expect(asked()).not.toContain('/moved');
    },
  );

  it('the error for an HTML page shows the content type and not the page', async () => {
    provider.on(`GET ${OPENID}`, () => ({
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html>s3cret</html>',
    }));
    const { description, isTemporary } = await failure();
    expect(description).toMatch(/is not usable: it is not a JSON object \(content type "text\/html; charset=utf-8"\)$/);
    expect(isTemporary).toBe(false);
  });

  it('reads only server_metadata_url if it is set', async () => {
    const { description, isTemporary } = await failure({ serverMetadataUrl: `${provider.url}/a${OPENID}` });
    expect(description).toContain(`${provider.url}/a${OPENID} is not usable: the answer has the status 404`);
    expect(isTemporary).toBe(false);
    expect(asked()).toEqual([`/a${OPENID}`]);
  });

  it.each<[string, object, RegExp]>([
    [
      'is missing',
      { status: 404, headers: { 'content-type': 'text/html' }, body: 'no' },
      /answered 404, not a JWK Set \(content type "text\/html"\)/,
    ],
    [
      'is moved',
      { status: 301, headers: { location: 'https://other.example/jwks' } },
      /answered 301, .*location "https:\/\/other.example\/jwks", which is not followed/,
    ],
    [
      'is a page',
      { headers: { 'content-type': 'text/html' }, body: '<html>' },
      /answered 200, not a JWK Set \(content type "text\/html"\)/,
    ],
  ])('the error for a JWK Set that %s shows what was received', async (_, reply, expected) => {
    provider.on(`GET ${OPENID}`, () => ({ json: { ...metadata(provider.url), jwks_uri: `${provider.url}/jwks` } }));
    provider.on('GET /jwks', () => reply);
    const dev = await start();
    await expect(dev.checkProvider()).rejects.toMatchObject({
      description: expect.stringMatching(expected),
      isTemporary: false,
    });
  });
});
