import { describe, expect, it } from '@jest/globals';
import { registryWith } from './registry-with.js';

const URL_OF_USER = 'https://api.example.com/user';

async function faultOf(settings: object): Promise<string> {
  const client = {
    clientId: 'id',
    clientSecret: 's',
    authorizeUrl: 'https://example.com/authorize',
    accessTokenUrl: 'https://example.com/token',
    ...settings,
  };
  const error = await registryWith({ options: { clients: { dev: client } } }).catch(
    (reason: unknown) => reason as Error,
  );
  return error instanceof Error ? error.message : '';
}

function request(more: object, url = URL_OF_USER): object {
  return { profile: { requests: [{ url, ...more }], claims: { sub: 'id' } } };
}

function claims(more: object, requests: object[] = [{ url: URL_OF_USER }]): object {
  return { profile: { requests, claims: { sub: 'id', ...more } } };
}

describe('the faults of `profile`', () => {
  it.each<[string, object, string]>([
    ['a path with a colon', claims({ name: 'a:b:c' }), 'profile.claims.name'],
    ['a path with an empty key', claims({ name: 'a..b' }), 'profile.claims.name'],
    ['a filter without an end', claims({ name: 'a[?b' }), 'profile.claims.name'],
    ['an unknown source', claims({ name: 'emails:0' }), 'dev.profile.claims.name: a path has an unknown source'],
    [
      'braces that are not a placeholder',
      claims({ name: { template: '{first name}' } }),
      'dev.profile.claims.name: a path',
    ],
    ['an unknown source in an alternative', claims({ name: ['a', { join: ['x:b'] }] }), 'unknown source'],
    ['a path without a source', claims({ sub: 'token:id', name: 'n' }, []), 'a path has no source'],
    ['an unknown claim', claims({ phone: 'p' }), 'phone'],
    ['no sub', { profile: {} }, 'dev.profile.claims.sub: missing'],
    [
      'a second request without a name',
      claims({}, [{ url: URL_OF_USER }, { url: URL_OF_USER }]),
      'requests.1.name: missing',
    ],
    [
      'a name that is used twice',
      claims({}, [{ url: URL_OF_USER }, { url: URL_OF_USER, name: 'user' }]),
      'requests.1.name: another request has this name',
    ],
    [
      'the name of another source',
      request({ name: 'token' }),
      'requests.0.name: "token" is the name of another source',
    ],
    [
      'six requests',
      claims(
        {},
        Array.from({ length: 6 }, (_, at) => ({ name: `r${at}`, url: URL_OF_USER })),
      ),
      'at most 5',
    ],
    ['http', request({}, 'http://api.example.com/'), 'dev.profile.requests.0.url: must be https'],
    ['a relative URL', request({}, '/user'), 'profile.requests.0.url'],
    [
      'a placeholder of a later request',
      request({}, 'https://a.example.com/{emails:0}'),
      'requests.0.url: a placeholder has no source',
    ],
    [
      'a placeholder of the first request itself',
      request({}, 'https://a.example.com/{id}'),
      'requests.0.url: a placeholder has no source',
    ],
    ['a GET with a body', request({ method: 'GET', form: {} }), 'requests.0.method: a GET request has no body'],
    ['two bodies', request({ json: {}, form: {} }), 'requests.0.json: a request has form or json, not both'],
    ['a token in the body of a GET', request({ token: 'body' }), 'requests.0.token: body needs a form'],
    ['a token in JSON', request({ token: 'body', json: {} }), 'requests.0.token: body needs a form'],
    ['a framing header', request({ headers: { 'Content-Length': '5' } }), 'profile.requests.0.headers'],
    ['a header with a line break', request({ headers: { a: 'b\r\nc: d' } }), 'profile.requests.0.headers'],
    ['a string', { profile: 'github' }, 'dev.profile'],
  ])('name the key: %s', async (_, settings, fault) => {
    expect(await faultOf(settings)).toContain(fault);
  });

  it.each<[string, object]>([
    [
      'placeholders of earlier requests',
      claims({}, [{ url: URL_OF_USER }, { name: 'x', url: `${URL_OF_USER}/{id}/{user:id}` }]),
    ],
    ['braces in the query of a URL', request({}, `${URL_OF_USER}?fields=id,picture{url}`)],
    ['no sub with userinfo', { profile: { claims: { name: 'token:n' } }, userInfoFrom: 'userinfo' }],
    ['no sub with OpenID Connect', { profile: {}, issuer: 'https://example.com' }],
    [
      'a sub of a callback with a signature',
      { ...claims({ sub: 'callback:shop' }), callbackParameters: ['shop'], callbackSignature: 'shopify' },
    ],
    ['a token in a form', request({ token: 'body', form: {} })],
  ])('are none for %s', async (_, settings) => {
    expect(await faultOf(settings)).toBe('');
  });

  it('refuse a token placement with OAuth 1', async () => {
    const oauth1 = { requestTokenUrl: 'https://example.com/request-token', ...request({ token: 'uri' }) };
    expect(await faultOf(oauth1)).toContain('dev.profile.requests.0.token: OAuth 1 signs the request');
  });
});
