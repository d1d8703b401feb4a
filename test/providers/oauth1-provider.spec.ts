import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import { Browser, type Page } from '../support/browser.js';
import { startOAuth1Provider, type OAuth1Provider } from './oauth1-provider.js';

const RSA = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const HASHES: Record<string, (base: string, key: string) => string> = {
  'HMAC-SHA1': (base, key) => createHmac('sha1', key).update(base).digest('base64'),
  'HMAC-SHA256': (base, key) => createHmac('sha256', key).update(base).digest('base64'),
  'RSA-SHA1': (base) => sign('sha1', Buffer.from(base), RSA.privateKey).toString('base64'),
  'RSA-SHA256': (base) => sign('sha256', Buffer.from(base), RSA.privateKey).toString('base64'),
  PLAINTEXT: (_base, key) => key,
};
const CALLBACK = 'https://app.example/callback?from=chirp';

type Fields = Record<string, string>;
/** Changes to the default signing of a request. */
interface Signing {
  method?: string;
  consumer?: string;
  token?: OAuth.Token;
}

/** The provider must be strict. Otherwise the library's tests with it are meaningless. */
describe('the OAuth 1 test provider', () => {
  let provider: OAuth1Provider;
  let browser: Browser;

  beforeAll(async () => {
    provider = await startOAuth1Provider({
      consumers: [
        { key: 'app', secret: 'secret', name: '<The app>', rsaPublicKey: RSA.publicKey },
        { key: 'another', secret: 'secret' },
      ],
    });
  });

  afterAll(() => provider.close());

  beforeEach(() => {
    browser = new Browser();
  });

  function signed(path: string, data: Fields, { method = 'HMAC-SHA1', consumer = 'app', token }: Signing = {}): Fields {
    const signer = new OAuth({
      consumer: { key: consumer, secret: 'secret' },
      signature_method: method,
      hash_function: HASHES[method]!,
    });
    const protocol = signer.authorize({ url: provider.url + path, method: 'POST', data }, token);
    const own = Object.entries(protocol).filter(([name]) => name.startsWith('oauth_')); // omits the data
    return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
  }

  async function post(path: string, parameters: Fields, init: RequestInit = {}): Promise<Response> {
    const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
    const headers = { authorization: `OAuth realm="Chirp", ${pairs.join(', ')}` };
    return fetch(provider.url + path, { ...init, method: 'POST', headers });
  }

  async function fields(answer: Response | Promise<Response>): Promise<Fields> {
    return Object.fromEntries(new URLSearchParams(await (await answer).text()));
  }

  function askForToken(change: Fields = {}): Promise<Fields> {
    return fields(
      post('/oauth/request_token', { ...signed('/oauth/request_token', { oauth_callback: CALLBACK }), ...change }),
    );
  }

  /** Requests a request token, and returns it with its secret. */
  async function requestToken(signing: Signing = {}, callback = CALLBACK): Promise<OAuth.Token> {
    const parameters = signed('/oauth/request_token', { oauth_callback: callback }, signing);
    const { oauth_token: key = '', oauth_token_secret: secret = '' } = await fields(
      post('/oauth/request_token', parameters),
    );
    return { key, secret };
  }

  function consentPage({ key }: OAuth.Token): Promise<Page> {
    return browser.get(`${provider.url}/oauth/authorize?oauth_token=${key}`);
  }

  async function verifierOf(token: OAuth.Token): Promise<string> {
    const page = await consentPage(token);
    return new URL(await callbackOf(page)).searchParams.get('oauth_verifier')!;
  }

  /** Presses "Allow", and returns the URL of the redirect, where no server listens. */
  async function callbackOf(page: Page, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
    const post: Browser['post'] = (url, form) => browser.post(url, form, { follow: false });
    return (await Object.assign(new Browser(), { post })[decision](page)).headers.get('location')!;
  }

  function exchange(token: OAuth.Token, verifier: string, signing: Signing = {}): Promise<Fields> {
    const parameters = signed('/oauth/access_token', { oauth_verifier: verifier }, { ...signing, token });
    return fields(post('/oauth/access_token', parameters));
  }

  async function accessToken(signing: Signing = {}): Promise<OAuth.Token> {
    const token = await requestToken(signing);
    const granted = await exchange(token, await verifierOf(token), signing);
    return { key: granted.oauth_token!, secret: granted.oauth_token_secret! };
  }

  describe.each(Object.keys(HASHES))('with requests signed with %s', (method) => {
    it('issues a request token and an access token, and returns the user', async () => {
      const token = await accessToken({ method });
      const answer = await post('/api/me', signed('/api/me', {}, { method, token }));
      expect(await answer.json()).toEqual({ id: '1815', screen_name: 'ada', name: 'Ada Lovelace' });
    });

    it('refuses a signature of another request', async () => {
      const parameters = signed('/oauth/request_token', { oauth_callback: CALLBACK }, { method });
      const forged = { ...parameters, oauth_signature: 'AAAA' };
      expect(await fields(post('/oauth/request_token', forged))).toMatchObject({ oauth_problem: 'signature_invalid' });
    });
  });

  it('confirms the callback', async () => {
    expect(await askForToken()).toMatchObject({ oauth_callback_confirmed: 'true' });
  });

  it('accepts the parameters in the query and in a form', async () => {
    const url = `${provider.url}/oauth/request_token`;
    const query = new URLSearchParams(signed('/oauth/request_token', { oauth_callback: CALLBACK }));
    const inQuery = await fields(fetch(`${url}?${query.toString()}`, { method: 'POST' }));
    const form = new URLSearchParams(signed('/oauth/request_token', { oauth_callback: CALLBACK }));
    const inForm = await fields(fetch(url, { method: 'POST', body: form }));
    expect([inQuery, inForm]).toEqual(Array(2).fill(expect.objectContaining({ oauth_callback_confirmed: 'true' })));
  });

  it.each(['realm', 'constructor', 'a.b', "it's"])('accepts a signed query parameter named %s', async (name) => {
    const token = await accessToken();
    const parameters = signed('/api/echo', { [name]: 'a b' }, { token });
    const answer = await post(`/api/echo?${new URLSearchParams({ [name]: 'a b' }).toString()}`, parameters);
    expect(await answer.json()).toMatchObject({ method: 'POST', query: { [name]: 'a b' } });
  });

  it('accepts a body with its hash, and refuses another body', async () => {
    const token = await accessToken();
    const body = Buffer.from([0, 1, 254, 255]);
    const oauth_body_hash = createHash('sha1').update(body).digest('base64');
    const send = (bytes: Buffer): Promise<Response> =>
      post('/api/echo', { ...signed('/api/echo', { oauth_body_hash }, { token }), oauth_body_hash }, { body: bytes });
    expect(await (await send(body)).json()).toMatchObject({ body: body.toString('base64') });
    expect(await fields(send(Buffer.from('x')))).toMatchObject({ oauth_problem: 'parameter_rejected' });
  });

  it('redirects with the requested status', async () => {
    const token = await accessToken();
    const parameters = signed('/api/redirect', { to: '/api/me', status: '307' }, { token });
    const answer = await post('/api/redirect?to=/api/me&status=307', parameters, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([307, '/api/me']);
  });

  it('refuses a nonce that was used', async () => {
    const parameters = signed('/oauth/request_token', { oauth_callback: CALLBACK });
    await post('/oauth/request_token', parameters);
    const again = await fields(post('/oauth/request_token', parameters));
    expect(again).toMatchObject({ oauth_problem: 'nonce_used' });
  });

  it.each([
    ['a parameter that was not signed', { oauth_extra: '1' }, 'signature_invalid'],
    ['another consumer', { oauth_consumer_key: 'other' }, 'consumer_key_unknown'],
    ['an old timestamp', { oauth_timestamp: '1' }, 'timestamp_refused'],
    ['no nonce', { oauth_nonce: '' }, 'parameter_absent'],
    ['another version', { oauth_version: '2.0' }, 'version_rejected'],
    ['a token that does not exist', { oauth_token: 'x' }, 'signature_invalid'],
    ['a method it does not know', { oauth_signature_method: 'NONE' }, 'signature_invalid'],
    ['the hash of another body', { oauth_body_hash: 'AAAA' }, 'parameter_rejected'],
  ])('refuses %s', async (_, change, problem) => {
    expect(await askForToken(change as Fields)).toMatchObject({ oauth_problem: problem });
  });

  it.each(['HMAC-SHA256', 'RSA-SHA256'])('refuses a signature with %s in base64url', async (method) => {
    const parameters = signed('/oauth/request_token', { oauth_callback: CALLBACK }, { method });
    const oauth_signature = Buffer.from(parameters.oauth_signature!, 'base64').toString('base64url');
    const answer = await fields(post('/oauth/request_token', { ...parameters, oauth_signature }));
    expect(answer).toMatchObject({ oauth_problem: 'signature_invalid' });
  });

  it('refuses a query that was not signed, and parameters in two locations', async () => {
    const parameters = signed('/oauth/request_token', { oauth_callback: CALLBACK });
    const unsigned = await fields(post('/oauth/request_token?a=b', parameters));
    const twice = await fields(post('/oauth/request_token?oauth_nonce=b', parameters));
    expect(unsigned).toMatchObject({ oauth_problem: 'signature_invalid' });
    expect(twice).toMatchObject({ oauth_problem: 'parameter_rejected' });
  });

  it('refuses a request token without a callback', async () => {
    const answer = await fields(post('/oauth/request_token', signed('/oauth/request_token', {})));
    expect(answer).toEqual({ oauth_problem: 'parameter_absent', oauth_problem_advice: 'oauth_callback' });
  });

  it('refuses a request without a signature, or with an invalid header', async () => {
    const unsigned = await fields(fetch(`${provider.url}/api/me`));
    expect(unsigned).toMatchObject({ oauth_problem: 'parameter_absent' });
    const broken = fetch(`${provider.url}/api/me`, { headers: { authorization: 'OAuth oauth_nonce="%"' } });
    expect(await fields(broken)).toMatchObject({ oauth_problem: 'parameter_rejected' });
  });

  it('refuses to exchange a request token that was not authorized', async () => {
    expect(await exchange(await requestToken(), 'guess')).toMatchObject({ oauth_problem: 'verifier_invalid' });
  });

  it("refuses another login's verifier", async () => {
    const [mine, other] = [await requestToken(), await requestToken()];
    await verifierOf(mine);
    const answer = await exchange(mine, await verifierOf(other));
    expect(answer).toMatchObject({ oauth_problem: 'verifier_invalid' });
  });

  it('exchanges a request token once', async () => {
    const token = await requestToken();
    const verifier = await verifierOf(token);
    expect(await exchange(token, verifier)).toMatchObject({ screen_name: 'ada' });
    expect(await exchange(token, verifier)).toMatchObject({ oauth_problem: 'token_rejected' });
  });

  it("refuses another consumer's tokens", async () => {
    const token = await requestToken();
    const stolen = await exchange(token, await verifierOf(token), { consumer: 'another' });
    expect(stolen).toMatchObject({ oauth_problem: 'token_rejected' });
    const parameters = signed('/api/me', {}, { consumer: 'another', token: await accessToken() });
    expect(await fields(post('/api/me', parameters))).toMatchObject({ oauth_problem: 'token_rejected' });
  });

  describe('on its login page', () => {
    it('shows the escaped name of the client', async () => {
      expect((await consentPage(await requestToken())).text).toContain('&#60;The app&#62;');
    });

    it('redirects to the callback, and keeps its query', async () => {
      const token = await requestToken();
      const callback = new URL(await callbackOf(await consentPage(token)));
      expect(callback.origin + callback.pathname).toBe('https://app.example/callback');
      const verifier = expect.stringMatching(/^\w{32}$/);
      expect(Object.fromEntries(callback.searchParams)).toEqual({
        from: 'chirp',
        oauth_token: token.key,
        oauth_verifier: verifier,
      });
    });

    it('shows the login page again after a wrong password', async () => {
      const page = await consentPage(await requestToken());
      const again = await browser.allow(page, 'nobody');
      expect([again.status, again.text]).toEqual([401, expect.stringContaining('No such user')]);
      expect(await callbackOf(again)).toContain('oauth_verifier=');
    });

    it('redirects with the denied token, which is then invalid', async () => {
      const token = await requestToken();
      const page = await consentPage(token);
      const callback = new URL(await callbackOf(page, 'deny'));
      expect(Object.fromEntries(callback.searchParams)).toEqual({ from: 'chirp', denied: token.key });
      expect((await browser.allow(page)).status).toBe(401);
    });

    it('refuses to authorize a token that is already authorized', async () => {
      const token = await requestToken();
      const page = await consentPage(token);
      const verifier = await verifierOf(token);
      expect((await browser.allow(page, 'grace')).text).toContain('This page is out of date');
      expect(await exchange(token, verifier)).toMatchObject({ screen_name: 'ada' });
    });

    it('shows the verifier to a user without a callback (oob)', async () => {
      const token = await requestToken({}, 'oob');
      const { text } = await browser.allow(await consentPage(token));
      const [, code = ''] = /Your code is (\w+)/.exec(text) ?? [];
      expect(await exchange(token, code)).toMatchObject({ screen_name: 'ada' });
    });

    it('lets a user without a callback (oob) deny access', async () => {
      const page = await browser.deny(await consentPage(await requestToken({}, 'oob')));
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('You said no.')]);
    });
  });
});
