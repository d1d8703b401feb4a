import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import { startOAuth1Provider, type OAuth1Provider } from './oauth1-provider.js';

/** The provider must be strict, or the tests of the library against it prove nothing. */
describe('the OAuth 1 provider of the tests', () => {
  let provider: OAuth1Provider;

  beforeAll(async () => {
    provider = await startOAuth1Provider({ consumers: [{ key: 'app', secret: 'secret' }] });
  });

  afterAll(() => provider.close());

  const signer = new OAuth({
    consumer: { key: 'app', secret: 'secret' },
    signature_method: 'HMAC-SHA1',
    hash_function: (base, key) => createHmac('sha1', key).update(base).digest('base64'),
  });

  function signed(change: Record<string, string> = {}): Record<string, string> {
    const url = `${provider.url}/oauth/request_token`;
    const data = { oauth_callback: 'https://app.example/callback', ...change };
    return signer.authorize({ url, method: 'POST', data }) as unknown as Record<string, string>;
  }

  async function requestToken(parameters: Record<string, string>, query = ''): Promise<URLSearchParams> {
    const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
    const headers = { authorization: `OAuth ${pairs.join(', ')}` };
    const response = await fetch(`${provider.url}/oauth/request_token${query}`, { method: 'POST', headers });
    return new URLSearchParams(await response.text());
  }

  it('gives a request token for a good signature', async () => {
    expect((await requestToken(signed())).get('oauth_callback_confirmed')).toBe('true');
  });

  it('refuses a nonce that was used', async () => {
    const parameters = signed();
    await requestToken(parameters);
    expect((await requestToken(parameters)).get('oauth_problem')).toBe('nonce_used');
  });

  it.each([
    ['a signature of something else', { oauth_signature: 'AAAA' }, 'signature_invalid'],
    ['a parameter that was not signed', { oauth_extra: '1' }, 'signature_invalid'],
    ['another consumer', { oauth_consumer_key: 'other' }, 'consumer_key_unknown'],
    ['an old timestamp', { oauth_timestamp: '1' }, 'timestamp_refused'],
    ['no nonce', { oauth_nonce: '' }, 'parameter_absent'],
    ['another version', { oauth_version: '2.0' }, 'version_rejected'],
    ['a token that does not exist', { oauth_token: 'x' }, 'signature_invalid'],
    ['a method it does not know', { oauth_signature_method: 'NONE' }, 'signature_invalid'],
    ['the hash of another body', { oauth_body_hash: 'AAAA' }, 'parameter_rejected'],
  ])('refuses %s', async (_, change, problem) => {
    expect((await requestToken({ ...signed(), ...change })).get('oauth_problem')).toBe(problem);
  });

  it('refuses a query that was not signed, and parameters in two places', async () => {
    expect((await requestToken(signed(), '?a=b')).get('oauth_problem')).toBe('signature_invalid');
    expect((await requestToken(signed(), '?oauth_nonce=b')).get('oauth_problem')).toBe('parameter_rejected');
  });

  it('refuses a request token without a callback', async () => {
    const url = `${provider.url}/oauth/request_token`;
    const parameters = signer.authorize({ url, method: 'POST' }) as unknown as Record<string, string>;
    expect((await requestToken(parameters)).get('oauth_problem')).toBe('parameter_absent');
  });

  it('refuses to exchange a request token that nobody has authorised', async () => {
    const token = await requestToken(signed());
    const url = `${provider.url}/oauth/access_token`;
    const credentials = { key: token.get('oauth_token')!, secret: token.get('oauth_token_secret')! };
    const data = { oauth_verifier: 'guess' };
    const parameters = signer.authorize({ url, method: 'POST', data }, credentials);
    const body = new URLSearchParams(parameters as unknown as Record<string, string>);
    const response = await fetch(url, { method: 'POST', body });
    expect(await response.text()).toContain('verifier_invalid');
  });
});
