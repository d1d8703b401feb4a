import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { ProviderError, type ClientRegistration, type OAuth1App, type OAuth2App } from 'nestjs-oauth-client';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const REQUEST_TOKEN = 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true';

describe('attacks on logins', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    provider.on('POST /request-token', () => ({ body: REQUEST_TOKEN }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  function oauth2Client(settings: object = {}): ClientRegistration {
    return clientOf(provider, { clientSecret: 'client-secret', ...settings });
  }

  function oauth1Client(settings: object = {}): ClientRegistration {
    return oauth1ClientOf(provider, { clientSecret: 'client-secret', ...settings });
  }

  async function start(options: Partial<TestAppOptions> = {}): Promise<void> {
    app = await testApp({ clients: { dev: oauth2Client(), old: oauth1Client() }, ...options });
  }

  async function callback(query: string, name = 'dev') {
    const page = await visitor.callback(query, name);
    return { status: page.status, body: page.json() as { error?: string; error_description?: string } };
  }

  function tokenRequests(): number {
    return provider.requests.filter(({ path }) => path.endsWith('token') && path !== '/request-token').length;
  }

  it('login CSRF: refuses a callback with the attacker’s code and no state', async () => {
    await start();
    await visitor.login();
    expect(await callback('code=attackers')).toMatchObject({ status: 400, body: { error: 'mismatching_state' } });
    expect(tokenRequests()).toBe(0);
  });

  it('login CSRF with OAuth 1: refuses a callback with the attacker’s request token', async () => {
    await start();
    await visitor.login('old');
    const answer = await callback('oauth_token=attackers&oauth_verifier=v', 'old');
    expect(answer).toMatchObject({ status: 400, body: { error: 'mismatching_state' } });
    expect(tokenRequests()).toBe(0);
  });

  it('login CSRF: refuses a callback whose state belongs to another browser', async () => {
    await start();
    const state = (await new Visitor(() => app).login()).state;
    await visitor.login();
    const { status, body } = await callback(`code=attackers&state=${state}`);
    expect(status).toBe(400);
    expect(body.error_description).toContain('no pending login with this state');
    expect(tokenRequests()).toBe(0);
  });

  it('refuses a callback whose state belongs to another provider in the same browser', async () => {
    await start({ clients: { dev: oauth2Client(), dev_x: oauth2Client() } });
    await visitor.visit(`dev_x/login?state=${'y'.repeat(16)}`, { follow: false });
    expect(await callback(`code=c&state=x_${'y'.repeat(16)}`)).toMatchObject({
      status: 400,
      body: { error: 'mismatching_state' },
    });
    expect(tokenRequests()).toBe(0);
  });

  it('replay: refuses a state that was used before', async () => {
    await start();
    const { state } = await visitor.login();
    expect((await callback(`code=c&state=${state}`)).status).toBe(200);
    const { status, body } = await callback(`code=c&state=${state}`);
    expect(status).toBe(400);
    expect(body.error_description).toContain('already finished');
    expect(tokenRequests()).toBe(1);
  });

  it('a HEAD request does not use up the state', async () => {
    await start();
    const { state } = await visitor.login();
    const head = await visitor.request('HEAD', `${app.url}/auth/dev/callback?code=c&state=${state}`);
    expect(head.status).toBe(400);
    expect((await callback(`code=c&state=${state}`)).status).toBe(200);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'prototype property: does not find a provider named %s',
    async (name) => {
      await start();
      expect((await visitor.visit(`${name}/login`, { follow: false })).status).toBe(404);
      expect((await callback('code=c&state=s', name)).status).toBe(404);
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'prototype property: refuses a callback with the state %s',
    async (state) => {
      await start();
      await visitor.login();
      expect(await callback(`code=c&state=${state}`)).toMatchObject({
        status: 400,
        body: { error: 'mismatching_state' },
      });
      expect((await callback(`oauth_token=${state}&oauth_verifier=v`, 'old')).status).toBe(400);
      expect(tokenRequests()).toBe(0);
    },
  );

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https:evil.example',
    'https://evil.example',
    '/\t/evil.example',
    '\\evil',
  ])('open redirect: refuses a login link that returns to %j', async (next) => {
    await start();
    const response = await visitor.visit(`dev/login?next=${encodeURIComponent(next)}`, { follow: false });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ error: 'invalid_return_to' });
  });

  it('open redirect: refuses a login link with two return paths', async () => {
    await start();
    const response = await visitor.visit('dev/login?next=/a&next=//evil.example', { follow: false });
    expect(response.status).toBe(400);
  });

  describe('a forged Host header', () => {
    const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };

    async function redirectUriOf(headers: Record<string, string>): Promise<string | null> {
      const { request } = await import('node:http');
      const location = await new Promise<string>((resolve, reject) => {
        const outgoing = request(`${app.url}/auth/dev/login`, { headers }, (response) => {
          response.resume();
          resolve(response.headers.location ?? '');
        });
        outgoing.on('error', reject).end();
      });
      return new URL(location).searchParams.get('redirect_uri');
    }

    it('a forged Host does not change the redirect URI when baseUrl is set', async () => {
      await start({ baseUrl: 'https://site.example', trustProxy: true });
      expect(await redirectUriOf(forged)).toBe('https://site.example/auth/dev/callback');
    });

    it('X-Forwarded-Host is ignored unless the proxy is trusted', async () => {
      await start();
      const { host } = new URL(app.url);
      expect(await redirectUriOf({ ...forged, host })).toBe(`http://${host}/auth/dev/callback`);
    });

    it('X-Forwarded-Host of a trusted proxy is used when allowedHosts lists it', async () => {
      await start({ trustProxy: true, allowedHosts: ['Site.example'] });
      expect(await redirectUriOf({ 'x-forwarded-host': 'site.example', 'x-forwarded-proto': 'https' })).toBe(
        'https://site.example/auth/dev/callback',
      );
    });
  });

  describe('token theft by another origin', () => {
    let elsewhere: ScriptedProvider;

    beforeEach(async () => {
      elsewhere = await startScriptedProvider();
      elsewhere.on('GET /steal', () => ({ json: {} }));
      elsewhere.on('POST /steal', () => ({ json: {} }));
    });

    afterEach(() => elsewhere.close());

    const token = { accessToken: 'at', oauthToken: 'at', oauthTokenSecret: 'ats' };

    it.each(['dev', 'old'])('refuses an absolute URL at another origin, with the client %s', async (name) => {
      await start();
      const call = app.registry.get(name).get(`${elsewhere.url}/steal`, { token });
      await expect(call).rejects.toMatchObject({ error: 'untrusted_origin' });
      const relative = app.registry.get(name).get(`//${new URL(elsewhere.url).host}/steal`, { token });
      await expect(relative).rejects.toMatchObject({ error: 'untrusted_origin' });
      expect(elsewhere.requests).toHaveLength(0);
    });

    it.each([
      ['the token', 'dev', 'header'],
      ['the token in the query', 'dev', 'uri'],
      ['the signature', 'old', 'HEADER'],
      ['the signature in the query', 'old', 'QUERY'],
    ])('a cross-origin redirect does not carry %s', async (_, name, placement) => {
      const client =
        name === 'dev'
          ? oauth2Client({ clientKwargs: { tokenPlacement: placement } })
          : oauth1Client({ clientKwargs: { signatureType: placement } });
      await start({ clients: { [name]: client } });
      provider.on('GET /api/go', () => ({ status: 302, headers: { location: `${elsewhere.url}/steal` } }));
      await app.registry.get(name).get('go', { token, headers: { Authorization: 'mine', Cookie: 'c=1' } });
      expect(provider.requests.at(-1)?.path).toBe('/api/go');
      const [stolen] = elsewhere.requests;
      expect(stolen?.url).toBe('/steal');
      expect(stolen?.headers.authorization).toBeUndefined();
      expect(stolen?.headers.cookie).toBeUndefined();
      expect(inspect(stolen)).not.toMatch(/\bats?\b|oauth_/);
    });

    it.each([
      ['the token', 'dev'],
      ['the signature', 'old'],
    ])('a cross-origin redirect of a form does not carry %s', async (_, name) => {
      await start({
        clients: {
          dev: oauth2Client({ clientKwargs: { tokenPlacement: 'body' } }),
          old: oauth1Client({ clientKwargs: { signatureType: 'BODY' } }),
        },
      });
      provider.on('POST /api/go', () => ({ status: 307, headers: { location: `${elsewhere.url}/steal` } }));
      await app.registry.get(name).post('go', new URLSearchParams({ x: 'y' }), { token });
      expect(elsewhere.requests[0]?.body.toString()).toBe('x=y');
    });

    it('refuses a redirect of the token endpoint', async () => {
      await start();
      provider.on('POST /token', () => ({ status: 307, headers: { location: `${elsewhere.url}/steal` } }));
      const { state } = await visitor.login();
      expect((await callback(`code=c&state=${state}`)).status).toBe(502);
      expect(elsewhere.requests).toHaveLength(0);
    });
  });

  describe('header injection', () => {
    it('refuses a line break in an access token', async () => {
      await start();
      const call = app.registry.get('dev').get('x', { token: { accessToken: 'a\r\nX-Evil: 1' } });
      await expect(call).rejects.toMatchObject({ error: 'token_invalid' });
    });

    it('sends no header from a line break in an OAuth 1 token or a realm', async () => {
      await start({ clients: { old: oauth1Client({ clientKwargs: { realm: 'r"\r\nX-Evil: 1' } }) } });
      provider.on('GET /api/x', () => ({ json: {} }));
      const token = { oauthToken: 'a\r\nX-Evil: 1', oauthTokenSecret: 's' };
      await app.registry
        .get('old')
        .get('x', { token })
        .catch(() => undefined);
      expect(provider.requests.some(({ headers }) => 'x-evil' in headers)).toBe(false);
    });

    it('encodes a line break in a login parameter', async () => {
      await start();
      const query = `state=${encodeURIComponent('sixteen characters\r\nX-Evil: 1')}&loginHint=${encodeURIComponent('a\r\nSet-Cookie: b')}`;
      const response = await visitor.visit(`dev/login?${query}`, { follow: false });
      expect(response.status).toBe(302);
      expect(response.headers.get('x-evil')).toBeNull();
      expect(response.headers.get('location')).toContain('%0D%0AX-Evil');
    });

    it('replaces control characters in the error of a callback', async () => {
      await start();
      const { state } = await visitor.login();
      const { body } = await callback(
        `state=${state}&error=a%00b&error_description=${encodeURIComponent('x\r\ny\u001b[31m')}`,
      );
      expect(body).toEqual({ error: 'provider_error', error_description: 'x y [31m', reference: expect.any(String) });
    });
  });

  describe('a hostile token response', () => {
    it.each(['dev', 'old'])(
      'ends a login with 502 after an endless token response, with the client %s',
      async (name) => {
        await start();
        provider.on('POST /token', () => 'endless');
        provider.on('POST /access-token', () => 'endless');
        const { state } = await visitor.login(name);
        const { status } = await callback(`code=c&state=${state}&oauth_token=${state}&oauth_verifier=v`, name);
        expect(status).toBe(502);
      },
    );

    it.each(['dev', 'old'])(
      'ends a login with 504 when the token response never arrives, with the client %s',
      async (name) => {
        await start({ http: { timeout: 500 } });
        provider.on('POST /token', () => 'never');
        provider.on('POST /access-token', () => 'never');
        const { state } = await visitor.login(name);
        const { status } = await callback(`code=c&state=${state}&oauth_token=${state}&oauth_verifier=v`, name);
        expect(status).toBe(504);
      },
    );

    it('ends a login with 504 when the token response sends one byte at a time', async () => {
      await start({ http: { timeout: 500 } });
      provider.on('POST /token', () => 'drip');
      const { state } = await visitor.login();
      expect((await callback(`code=c&state=${state}`)).status).toBe(504);
    });

    it.each(['dev', 'old'])(
      'ends a login with 502 after a token response of HTML, with the client %s',
      async (name) => {
        await start();
        const html = { headers: { 'content-type': 'text/html' }, body: '<html>secret=hidden</html>' };
        provider.on('POST /token', () => html);
        provider.on('POST /access-token', () => html);
        const { state } = await visitor.login(name);
        const { status, body } = await callback(`code=c&state=${state}&oauth_token=${state}&oauth_verifier=v`, name);
        expect({ status, error: body.error }).toEqual({ status: 502, error: 'token_invalid' });
        expect(body.error_description).toContain('text/html');
        expect(body.error_description).not.toContain('hidden');
      },
    );

    it('__proto__ in a token response does not change the prototype of objects', async () => {
      await start();
      provider.on('POST /token', () => ({
        headers: { 'content-type': 'application/json' },
        body: '{"access_token":"a","token_type":"bearer","__proto__":{"admin":true}}',
      }));
      const { state } = await visitor.login();
      expect((await callback(`code=c&state=${state}`)).status).toBe(200);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    });
  });

  it.each(['code=a&code=b', 'state=x&state=y', 'error=a&error=b', 'code[x]=1'])(
    'refuses a callback with duplicate parameters: %s',
    async (query) => {
      await start();
      const { state } = await visitor.login();
      const { status } = await callback(`${query.includes('state') ? '' : `state=${state}&`}${query}`);
      expect(status).toBe(400);
      expect(tokenRequests()).toBe(0);
    },
  );

  it('an error of an API call does not show the secrets of the request', async () => {
    await start();
    provider.on('GET /api/fail', () => ({ status: 500, body: 'no' }));
    const token = { accessToken: 'at-secret', oauthToken: 'at-secret', oauthTokenSecret: 'ats-secret' };
    for (const name of ['dev', 'old']) {
      const error: unknown = await app.registry
        .get<OAuth1App | OAuth2App>(name)
        .post('fail', { password: 'body-secret' }, { token, params: { key: 'query-secret' } })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProviderError);
      for (const text of [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error)]) {
        expect(text).not.toMatch(/at-secret|ats-secret|body-secret|query-secret|client-secret|oauth_signature/);
      }
    }
  });
});
