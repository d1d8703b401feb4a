import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { Readable } from 'node:stream';
import OAuth from 'oauth-1.0a';
import { MissingRequestTokenError, type ClientRegistration, type OAuth1App } from 'nestjs-oauth-client';
import type { StoredOAuth1Token } from 'nestjs-oauth-client/stores';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const REQUEST_TOKEN = 'oauth_token=foo&oauth_token_secret=bar&oauth_callback_confirmed=true';
const ACCESS_TOKEN = 'oauth_token=a&oauth_token_secret=b&screen_name=ada';
const TOKEN: StoredOAuth1Token = { oauthToken: 'a', oauthTokenSecret: 'b' };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RSA_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('OAuth 1', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /request-token', () => ({ body: REQUEST_TOKEN }));
    provider.on('POST /access-token', () => ({ body: ACCESS_TOKEN }));
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      provider.on(`${method} /1.1/me`, () => ({ json: { name: 'Ada' } }));
    }
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function client(settings: object = {}): Promise<OAuth1App> {
    const dev = {
      client_id: 'dev',
      client_secret: 'dev-secret',
      request_token_url: `${provider.url}/request-token`,
      access_token_url: `${provider.url}/access-token`,
      authorize_url: `${provider.url}/authorize`,
      api_base_url: `${provider.url}/1.1/`,
      ...settings,
    } as ClientRegistration;
    app = await testApp({ clients: { dev } });
    return app.registry.get<OAuth1App>('dev');
  }

  /** Returns the protocol parameters of a request, from the header, the query or the body. */
  function protocolParameters({ url, headers, body }: ReceivedRequest): Record<string, string> {
    const header = [...(headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      decodeURIComponent(value!),
    ]);
    const query = [...new URL(url, provider.url).searchParams];
    const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
      ? [...new URLSearchParams(body.toString())]
      : [];
    return Object.fromEntries([...header, ...query, ...form]) as Record<string, string>;
  }

  /** Returns the signature that an independent implementation computes for a request. */
  function expectedSignature(request: ReceivedRequest, tokenSecret: string, hash = 'sha1'): string {
    const { oauth_signature: _, realm: __, ...data } = protocolParameters(request);
    const signer = new OAuth({
      consumer: { key: 'dev', secret: 'dev-secret' },
      signature_method: 'HMAC-SHA1',
      hash_function: (base, key) => createHmac(hash, key).update(base).digest('base64'),
    });
    const url = `${provider.url}${request.path}`;
    return signer.getSignature({ url, method: request.method, data }, tokenSecret, data as unknown as OAuth.Data);
  }

  function last(): ReceivedRequest {
    return provider.requests.at(-1)!;
  }

  describe('a login', () => {
    it('fetches a request token, redirects the user, and exchanges the request token with the verifier', async () => {
      await client();
      const url = (await visitor.login('dev?next=/there')).location;
      expect(url.href).toBe(`${provider.url}/authorize?oauth_token=foo`);
      const [requestToken] = provider.requests;
      expect(protocolParameters(requestToken!)).toMatchObject({
        oauth_callback: `${app.url}/auth/dev/callback`,
        oauth_consumer_key: 'dev',
        oauth_signature: expectedSignature(requestToken!, ''),
      });

      const response = await visitor.callback('oauth_token=foo&oauth_verifier=baz');
      expect(response.json()).toEqual({
        token: {
          oauthToken: 'a',
          oauthTokenSecret: 'b',
          screen_name: 'ada',
          issuer: `${provider.url}/access-token`,
          clientId: 'dev',
        },
        returnTo: '/there',
      });
      expect(protocolParameters(last())).toMatchObject({
        oauth_token: 'foo',
        oauth_verifier: 'baz',
        oauth_signature: expectedSignature(last(), 'bar'),
      });
    });

    it('adds the parameters of the settings and of the login to their requests', async () => {
      await client({
        request_token_params: { x_auth_access_type: 'read' },
        authorize_params: { lang: 'en' },
        access_token_params: { y: 'z' },
      });
      const { searchParams } = (await visitor.login('dev?force_login=true')).location;
      expect(Object.fromEntries(searchParams)).toEqual({ oauth_token: 'foo', lang: 'en', force_login: 'true' });
      await visitor.callback('oauth_token=foo&oauth_verifier=baz');
      expect(provider.requests.map(({ body }) => body.toString())).toEqual(['x_auth_access_type=read', 'y=z']);
      for (const [index, secret] of ['', 'bar'].entries()) {
        const request = provider.requests[index]!;
        expect(protocolParameters(request).oauth_signature).toBe(expectedSignature(request, secret));
      }
    });

    it('accepts token responses in JSON', async () => {
      await client();
      provider.on('POST /access-token', () => ({ json: { oauth_token: 'a', oauth_token_secret: 'b' } }));
      await visitor.login();
      expect((await visitor.callback('oauth_token=foo&oauth_verifier=baz')).json()).toMatchObject({ token: TOKEN });
    });

    it.each(['', '&oauth_callback_confirmed=false'])(
      'refuses a provider that does not confirm the callback: %j',
      async (extra) => {
        await client();
        provider.on('POST /request-token', () => ({ body: `oauth_token=foo&oauth_token_secret=bar${extra}` }));
        const response = await visitor.visit('dev/login', { follow: false });
        expect(response.status).toBe(502);
        expect(response.json()).toMatchObject({
          error_description: expect.stringContaining('did not confirm the callback'),
        });
      },
    );

    it.each([
      ['1 in a form', { body: 'oauth_token=foo&oauth_token_secret=bar&oauth_callback_confirmed=1' }],
      ['True in a form', { body: 'oauth_token=foo&oauth_token_secret=bar&oauth_callback_confirmed=True' }],
      ['true in JSON', { json: { oauth_token: 'foo', oauth_token_secret: 'bar', oauth_callback_confirmed: true } }],
    ])('accepts a callback that is confirmed with %s', async (_, answer) => {
      await client();
      provider.on('POST /request-token', () => answer);
      expect((await visitor.login()).location.href).toBe(`${provider.url}/authorize?oauth_token=foo`);
      expect((await visitor.callback('oauth_token=foo&oauth_verifier=baz')).json()).toMatchObject({ token: TOKEN });
    });

    it('accepts empty token secrets', async () => {
      const dev = await client();
      provider.on('POST /request-token', () => ({
        body: 'oauth_token=foo&oauth_token_secret=&oauth_callback_confirmed=true',
      }));
      provider.on('POST /access-token', () => ({ body: 'oauth_token=a&oauth_token_secret=&edam_shard=s1' }));
      await visitor.login();
      const { token } = (await visitor.callback('oauth_token=foo&oauth_verifier=baz')).json() as {
        token: StoredOAuth1Token;
      };
      expect(token).toMatchObject({ oauthToken: 'a', oauthTokenSecret: '', edam_shard: 's1' });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), ''));
      await dev.get('me', { token });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), ''));
    });

    it('sends nonces of 30 letters and digits, and timestamps of 10 digits, as oauthlib requires', async () => {
      await client();
      await visitor.login();
      await visitor.callback('oauth_token=foo&oauth_verifier=baz');
      const sent = provider.requests.map(protocolParameters);
      for (const { oauth_nonce: nonce, oauth_timestamp: timestamp } of sent) {
        expect(nonce).toMatch(/^[A-Za-z0-9]{30}$/);
        expect(timestamp).toMatch(/^\d{10}$/);
      }
      expect(sent[0]!.oauth_nonce).not.toBe(sent[1]!.oauth_nonce);
    });

    it.each([
      ['denied=foo', 'access_denied', 403],
      ['oauth_token=foo&oauth_problem=user_refused', 'user_refused', 403],
      ['oauth_token=foo&oauth_problem=timestamp_refused', 'timestamp_refused', 400],
    ])('responds to a callback with %s with the error %s, and forgets the login', async (query, error, status) => {
      await client();
      await visitor.login();
      const response = await visitor.callback(query);
      expect([response.status, (response.json() as { error: string }).error]).toEqual([status, error]);
      expect((await visitor.callback('oauth_token=foo&oauth_verifier=baz')).json()).toMatchObject({
        error: 'mismatching_state',
      });
    });

    it('responds with 400 to a callback without a verifier or without a token', async () => {
      await client();
      await visitor.login();
      expect((await visitor.callback('oauth_verifier=baz')).json()).toMatchObject({ error: 'invalid_request' });
      const response = await visitor.callback('oauth_token=foo');
      expect([response.status, response.json()]).toEqual([400, expect.objectContaining({ error: 'missing_verifier' })]);
    });

    it('reports the oauth_problem of a token endpoint', async () => {
      await client();
      provider.on('POST /request-token', () => ({ status: 401, body: 'oauth_problem=consumer_key_unknown' }));
      const response = await visitor.visit('dev/login', { follow: false });
      expect(response.json()).toMatchObject({ error: 'consumer_key_unknown' });
      expect(response.status).toBe(502);
    });

    it('reports the missing field of a token response', async () => {
      await client();
      provider.on('POST /access-token', () => ({ body: 'oauth_token=hidden-value' }));
      await visitor.login();
      const response = await visitor.callback('oauth_token=foo&oauth_verifier=baz');
      expect(response.status).toBe(502);
      expect(response.text).toContain('oauth_token');
      expect(response.text).not.toContain('hidden-value');
    });
  });

  describe('a login at an OAuth 1.0 provider, with allow_session_fixation', () => {
    beforeEach(async () => {
      provider.on('POST /request-token', () => ({ body: 'oauth_token=foo&oauth_token_secret=bar' }));
      await client({ allow_session_fixation: true });
    });

    it('sends the callback in the authorization URL, and exchanges the token without a verifier', async () => {
      const { searchParams } = (await visitor.login('dev?next=/there')).location;
      expect(Object.fromEntries(searchParams)).toEqual({
        oauth_token: 'foo',
        oauth_callback: `${app.url}/auth/dev/callback`,
      });
      expect((await visitor.callback('oauth_token=foo')).json()).toMatchObject({ token: TOKEN, returnTo: '/there' });
      expect(protocolParameters(last())).not.toHaveProperty('oauth_verifier');
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'bar'));
    });

    it('sends the verifier if the provider returns one', async () => {
      await visitor.login();
      expect((await visitor.callback('oauth_token=foo&oauth_verifier=baz')).json()).toMatchObject({ token: TOKEN });
      expect(protocolParameters(last()).oauth_verifier).toBe('baz');
    });

    it('can finish only in the browser that began the login, and once', async () => {
      await visitor.login();
      const other = await new Visitor(() => app).visit('dev/callback?oauth_token=foo');
      expect([other.status, other.json()]).toEqual([400, expect.objectContaining({ error: 'mismatching_state' })]);
      expect((await visitor.callback('oauth_token=foo')).status).toBe(200);
      expect((await visitor.callback('oauth_token=foo')).json()).toMatchObject({ error: 'mismatching_state' });
    });

    it('refuses a provider that sends oauth_callback_confirmed=false', async () => {
      provider.on('POST /request-token', () => ({
        body: 'oauth_token=foo&oauth_token_secret=bar&oauth_callback_confirmed=false',
      }));
      expect((await visitor.visit('dev/login', { follow: false })).status).toBe(502);
    });

    it('sends no callback in the authorization URL when there is none', async () => {
      const { url } = await app.registry.get('dev').createAuthorizationUrl();
      expect(url).toBe(`${provider.url}/authorize?oauth_token=foo`);
    });
  });

  describe('with the methods of an app', () => {
    it('creates an authorization URL for out-of-band use, and exchanges the verifier', async () => {
      const dev = await client();
      const { url, requestToken, state } = await dev.createAuthorizationUrl();
      expect(url).toContain('oauth_token=foo');
      expect(state).toBe('foo');
      expect(protocolParameters(last()).oauth_callback).toBe('oob');
      expect(await dev.fetchAccessToken({ requestToken, verifier: 'v' })).toMatchObject(TOKEN);
    });

    it('requires a request token and a verifier', async () => {
      const dev = await client();
      await expect(dev.fetchAccessToken({ verifier: 'v' })).rejects.toThrow(MissingRequestTokenError);
      await expect(dev.fetchAccessToken({ requestToken: TOKEN })).rejects.toMatchObject({ error: 'missing_verifier' });
    });
  });

  describe('an API call', () => {
    it.each(['HEADER', 'QUERY', 'BODY'])('signs in the %s', async (signatureType) => {
      const dev = await client({ client_kwargs: { signature_type: signatureType } });
      await dev.post(
        'me',
        new URLSearchParams([
          ['a', 'ü & b'],
          ['a', ''],
        ]),
        { token: TOKEN, params: { q: 'x y' } },
      );
      const { headers, url, body } = last();
      expect('authorization' in headers).toBe(signatureType === 'HEADER');
      expect(url.includes('oauth_signature=')).toBe(signatureType === 'QUERY');
      expect(body.includes('oauth_signature=')).toBe(signatureType === 'BODY');
    });

    it.each(['HEADER', 'QUERY', 'BODY'])('signs the request as it is sent, in the %s', async (signatureType) => {
      const dev = await client({ client_kwargs: { signature_type: signatureType } });
      await dev.post(
        'me',
        { status: 'Ladies + Gentlemen ☃', empty: '' },
        {
          token: TOKEN,
          params: { include_entities: true, q: "it's (a) *test*!" },
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        },
      );
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });

    it.each(['HEADER', 'QUERY', 'BODY'])(
      'with `withToken: false` signs without a token, in the %s',
      async (signatureType) => {
        const dev = await client({ client_kwargs: { signature_type: signatureType } });
        await dev.post('me', new URLSearchParams({ name: 'ü' }), { withToken: false, params: { per_page: 5 } });
        expect(protocolParameters(last())).toMatchObject({ oauth_consumer_key: 'dev' });
        expect(protocolParameters(last())).not.toHaveProperty('oauth_token');
        expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), ''));
      },
    );

    it('with `withToken: false` needs no user, and ignores a given token', async () => {
      const dev = await client({ client_kwargs: { signature_method: 'PLAINTEXT' } });
      await dev.get('me', { withToken: false, token: TOKEN });
      expect(protocolParameters(last())).not.toHaveProperty('oauth_token');
      expect(protocolParameters(last()).oauth_signature).toBe('dev-secret&');
    });

    it('with `withToken: false` calls only the origins of the API', async () => {
      const dev = await client();
      await expect(dev.get('http://127.0.0.1:1/', { withToken: false })).rejects.toMatchObject({
        error: 'untrusted_origin',
      });
    });

    it('with `withholdToken: true` is not signed', async () => {
      await (await client()).get('me', { withholdToken: true });
      expect(last().headers).not.toHaveProperty('authorization');
      expect(last().url).toBe('/1.1/me');
    });

    it.each(['get', 'delete'] as const)('signs a %s request', async (verb) => {
      await (await client())[verb]('me', { token: TOKEN });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });

    it.each(['post', 'put', 'patch'] as const)('signs a %s request without its JSON body', async (verb) => {
      await (await client())[verb]('me', { a: 1 }, { token: TOKEN });
      expect(last().body.toString()).toBe('{"a":1}');
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });

    it('signs with HMAC-SHA256', async () => {
      const dev = await client({ client_kwargs: { signature_method: 'HMAC-SHA256' } });
      await dev.get('me', { token: TOKEN });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b', 'sha256'));
    });

    it('signs with PLAINTEXT', async () => {
      const dev = await client({ client_kwargs: { signature_method: 'PLAINTEXT' } });
      await dev.get('me', { token: TOKEN });
      expect(protocolParameters(last()).oauth_signature).toBe('dev-secret&b');
    });

    it.each(['RSA-SHA1', 'RSA-SHA256'])('signs with %s', async (signatureMethod) => {
      const dev = await client({ client_kwargs: { signature_method: signatureMethod, rsa_key: RSA_KEY } });
      await dev.get('me', { token: TOKEN });
      const { oauth_signature: signature = '', ...data } = protocolParameters(last());
      const signer = new OAuth({ consumer: { key: 'dev', secret: '' } });
      const base = signer.getBaseString(
        { url: `${provider.url}/1.1/me`, method: 'GET', data },
        data as unknown as OAuth.Data,
      );
      const hash = signatureMethod === 'RSA-SHA1' ? 'sha1' : 'sha256';
      const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
      expect(verify(hash, Buffer.from(base), key, Buffer.from(signature, 'base64'))).toBe(true);
    });

    it('signs with a custom method', async () => {
      const dev = await client({
        client_kwargs: { signature_method: 'HMAC-SHA512' },
        compliance_fix: (session: { registerSignatureMethod: (name: string, method: unknown) => void }) =>
          session.registerSignatureMethod(
            'HMAC-SHA512',
            (base: string, keys: { clientSecret: string; tokenSecret: string }) =>
              createHmac('sha512', `${keys.clientSecret}&${keys.tokenSecret}`).update(base).digest('base64'),
          ),
      });
      await dev.get('me', { token: TOKEN });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b', 'sha512'));
    });

    it('sends the realm in the header', async () => {
      const dev = await client({ client_kwargs: { realm: 'Photos' } });
      await dev.get('me', { token: TOKEN });
      expect(last().headers.authorization).toMatch(/^OAuth realm="Photos", /);
    });

    it.each([
      ['a string', 'hello world', 'hello world'],
      ['bytes', Buffer.from([0, 255, 10]), Buffer.from([0, 255, 10])],
      ['JSON', { a: 1 }, '{"a":1}'],
    ])('signs the hash of %s with force_include_body', async (_, body, sent) => {
      const dev = await client({ client_kwargs: { force_include_body: true } });
      await dev.post('me', body, { token: TOKEN, headers: { 'Content-Type': 'application/xml' } });
      expect(last().body).toEqual(Buffer.from(sent));
      expect(protocolParameters(last()).oauth_body_hash).toBe(createHash('sha1').update(sent).digest('base64'));
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });

    it('signs the hash of an upload with force_include_body', async () => {
      const dev = await client({ client_kwargs: { force_include_body: true } });
      const form = new FormData();
      form.set('file', new Blob(['hello world']), 'hello.txt');
      await dev.post('me', form, { token: TOKEN });
      expect(last().body.toString()).toContain('hello world');
      expect(last().headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(protocolParameters(last()).oauth_body_hash).toBe(createHash('sha1').update(last().body).digest('base64'));
    });

    it('refuses a stream with force_include_body', async () => {
      const dev = await client({ client_kwargs: { force_include_body: true } });
      await expect(dev.post('me', Readable.from(['x']), { token: TOKEN })).rejects.toThrow(/a stream cannot be signed/);
    });

    it('signs an upload in the header with signature_type BODY', async () => {
      const dev = await client({ client_kwargs: { signature_type: 'BODY' } });
      const form = new FormData();
      form.set('file', new Blob(['hello world']), 'hello.txt');
      await dev.post('me', form, { token: TOKEN });
      expect(last().body.toString()).toContain('hello world');
      expect(last().headers.authorization).toContain('oauth_signature=');
    });

    it('does not repeat an oauth_problem that is not a code', async () => {
      await client();
      await visitor.login();
      const response = await visitor.callback('oauth_token=foo&oauth_problem=%3Cscript%3E');
      expect([response.status, response.json()]).toEqual([400, expect.objectContaining({ error: 'oauth_problem' })]);
    });

    it('refuses a stream with the default content type, which is a form', async () => {
      const dev = await client();
      await expect(dev.post('me', Readable.from(['x']), { token: TOKEN })).rejects.toThrow(/a Content-Type header/);
    });

    it('sends an upload and a stream without a hash by default', async () => {
      const dev = await client();
      const form = new FormData();
      form.set('file', new Blob(['hello world']), 'hello.txt');
      await dev.post('me', form, { token: TOKEN });
      expect(last().body.toString()).toContain('hello world');
      const headers = { 'Content-Type': 'application/octet-stream' };
      await dev.post('me', Readable.from(['bytes']), { token: TOKEN, headers });
      expect(last().body.toString()).toBe('bytes');
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });

    it('signs again for the target of a redirect', async () => {
      provider.on('POST /1.1/old', () => ({ status: 307, headers: { location: '/1.1/me?moved=yes' } }));
      await (await client()).post('old', new URLSearchParams({ a: 'b' }), { token: TOKEN });
      expect(last()).toMatchObject({ path: '/1.1/me', method: 'POST' });
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
      const nonces = provider.requests.map((request) => protocolParameters(request).oauth_nonce);
      expect(new Set(nonces).size).toBe(2);
    });

    it('runs the protected_request hook before it signs', async () => {
      const dev = await client({
        compliance_fix: (session: { registerComplianceHook: (name: string, hook: unknown) => void }) =>
          session.registerComplianceHook('protected_request', (request: { url: string }) => ({
            ...request,
            url: `${request.url}?extra=1`,
          })),
      });
      await dev.get('me', { token: TOKEN });
      expect(last().url).toBe('/1.1/me?extra=1');
      expect(protocolParameters(last()).oauth_signature).toBe(expectedSignature(last(), 'b'));
    });
  });
});
