import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { newKey, privateJwk, publicJwk } from '../../support/keys.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';

const CLIENT_KEY = newKey('RSA');

/** A client with the response type `code id_token`, in a form post. */
function hybrid(settings: SiteClient['settings'] = {}): SiteClient {
  return {
    metadata: { response_types: ['code id_token'] },
    settings: { authorizeParams: { response_type: 'code id_token' }, ...settings },
  };
}

describe('an authorization response', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({
      clients: {
        jwt: { settings: { authorizeParams: { response_mode: 'jwt' } } },
        posted: { settings: { authorizeParams: { response_mode: 'form_post.jwt' } } },
        es256: {
          metadata: { authorization_signed_response_alg: 'ES256' },
          settings: { authorizationSignedResponseAlg: 'ES256' },
        },
        encrypted: {
          metadata: {
            jwks: { keys: [publicJwk(CLIENT_KEY, { use: 'enc', kid: 'enc' })] },
            authorization_signed_response_alg: 'RS256',
            authorization_encrypted_response_alg: 'RSA-OAEP-256',
          },
          settings: {
            privateKeys: { key: CLIENT_KEY, use: 'enc', kid: 'enc' },
            authorizeParams: { response_mode: 'query.jwt' },
          },
        },
        hybrid: hybrid(),
        detached: hybrid({ detachedSignature: true }),
        unsigned: hybrid({ detachedSignature: true }),
      },
      configuration: {
        jwks: {
          keys: [
            privateJwk(newKey('RSA'), { kid: 'rsa', use: 'sig', alg: 'RS256' }),
            privateJwk(newKey('P-256'), { kid: 'ec', use: 'sig', alg: 'ES256' }),
          ],
        },
        // makes the provider add `s_hash` to the id_token
        features: {
          fapi: {
            enabled: true,
            profile: (_context, client) => (client.clientId === 'detached' ? '1.0 Final' : undefined),
          },
        },
      },
    });
  });

  afterAll(() => site.close());

  /** The `response` parameter of a callback. */
  function responseIn(url: string): string {
    const { searchParams } = new URL(url);
    expect([...searchParams.keys()]).toEqual(['response']);
    return searchParams.get('response')!;
  }

  it.each([
    ['jwt', {}],
    ['jwt', { response_mode: 'query.jwt' }],
    ['es256', { response_mode: 'jwt' }],
  ])('is a signed JWT in the query (%s, %j)', async (name, query) => {
    const { page, userInfo } = await site.signIn(name, { query });
    const response = responseIn(page.url);
    expect(decodeProtectedHeader(response).alg).toBe(name === 'es256' ? 'ES256' : 'RS256');
    expect(decodeJwt(response)).toMatchObject({ iss: site.oidc.url, aud: name, code: expect.any(String) });
    expect(userInfo).toMatchObject({ sub: '1815' });
  });

  it('is a signed JWT in a form', async () => {
    const { page, token } = await site.signIn('posted');
    expect(page.json()).toMatchObject({ fields: ['response'] });
    expect(decodeJwt(token.idToken ?? '')).toMatchObject({ sub: '1815' });
  });

  it('is a signed JWT that is encrypted for the client', async () => {
    const { page, userInfo } = await site.signIn('encrypted');
    expect(decodeProtectedHeader(responseIn(page.url))).toMatchObject({ alg: 'RSA-OAEP-256', kid: 'enc' });
    expect(userInfo).toMatchObject({ sub: '1815' });
  });

  it('is a signed JWT if the user denies access', async () => {
    const { browser, page } = await site.begin('jwt');
    const end = await browser.deny(page);
    expect(decodeJwt(responseIn(end.url))).toMatchObject({ error: 'access_denied' });
    expect(end.status).toBe(403);
    expect(end.json()).toEqual({
      error: 'access_denied',
      error_description: 'The user said no',
      reference: expect.any(String),
    });
  });

  it('is refused if it is unsigned and the login requested a JWT', async () => {
    const { browser, authorization } = await site.begin('jwt');
    authorization.searchParams.delete('response_mode');
    const end = await browser.get(authorization.href).then((page) => browser.submit(page, ADA));
    expect(end.status).toBe(400);
    expect(end.json()).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining('JARM') });
  });

  it('is a code in a form post, with an id_token that contains its c_hash', async () => {
    const { authorization, page, token } = await site.signIn('hybrid');
    expect(Object.fromEntries(authorization.searchParams)).toMatchObject({
      response_type: 'code id_token',
      response_mode: 'form_post',
      nonce: expect.any(String),
    });
    expect(page.json()).toMatchObject({ fields: ['code', 'id_token', 'state'] });
    expect(decodeJwt(token.idToken ?? '')).toMatchObject({ sub: '1815' });
  });

  it('is refused if the c_hash of its id_token belongs to another code', async () => {
    const other = codeIn((await site.authorize('hybrid')).page.text);
    const { browser, page } = await site.authorize('hybrid');
    const tokens = site.seenAt('token').length;
    const end = await browser.submit(page, { code: other });
    expect(end.status).toBe(400);
    expect(end.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('c_hash'),
    });
    expect(site.seenAt('token')).toHaveLength(tokens);
  });

  it('is a code with an id_token that contains c_hash and s_hash', async () => {
    const { browser, page } = await site.authorize('detached');
    const [, idToken = ''] = /name="id_token" value="([^"]+)"/.exec(page.text) ?? [];
    expect(decodeJwt(idToken)).toMatchObject({ c_hash: expect.any(String), s_hash: expect.any(String) });
    expect((await browser.submit(page)).status).toBe(201);
  });

  it('is refused without s_hash if the settings require it', async () => {
    const { browser, page } = await site.authorize('unsigned');
    const end = await browser.submit(page);
    expect(end.status).toBe(400);
    expect(end.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('s_hash'),
    });
  });
});

const ADA = { username: 'ada', password: 'ada', decision: 'allow' };

function codeIn(form: string): string {
  return /name="code" value="([^"]+)"/.exec(form)?.[1] ?? '';
}
