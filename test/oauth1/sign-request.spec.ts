import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { parseForm } from '../../lib/oauth1/percent-encoding.js';
import {
  type OAuth1Credentials,
  type SignableRequest,
  type SignatureType,
  type SignedRequest,
  signRequest,
} from '../../lib/oauth1/sign-request.js';
import type { SignatureMethod } from '../../lib/oauth1/signature-methods.js';
import { OAuthConfigError } from '../../lib/errors/oauth.errors.js';

const FORM = 'application/x-www-form-urlencoded';
const STAMP = { nonce: 'abc', timestamp: '123' };

function sign(request: Partial<SignableRequest>, credentials: Partial<OAuth1Credentials> = {}): SignedRequest {
  return signRequest(
    { method: 'POST', url: 'https://provider.test', ...request },
    { clientId: 'foo', clientSecret: '', signatureMethod: 'HMAC-SHA1', signatureType: 'HEADER', ...credentials },
    STAMP,
  );
}

/** Returns the decoded protocol parameters of an `Authorization` header. */
function headerParameters({ authorization = '' }: SignedRequest): Record<string, string> {
  expect(authorization).toMatch(/^OAuth (?:\w+="[^"]*", )*\w+="[^"]*"$/);
  const pairs = authorization.matchAll(/(\w+)="([^"]*)"/g);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name!, decodeURIComponent(value!)]));
}

const TWITTER: OAuth1Credentials = {
  clientId: 'xvz1evFS4wEEPTGEFPHBog',
  clientSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
  token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
  tokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  signatureMethod: 'HMAC-SHA1',
  signatureType: 'HEADER',
};

describe('signRequest, with published signatures', () => {
  it.each([
    ['HMAC-SHA1', 'https://provider.test', 'GuqiSr5/Hajrrmc/FprUV4cCGbw='],
    ['HMAC-SHA1', 'https://provider.test?cjk=%E5%95%A6%E5%95%A6', 'USkqQvV76SCKBewYI9cut6FfYcI='],
    ['HMAC-SHA1', 'https://provider.test?cjk=啦啦', 'USkqQvV76SCKBewYI9cut6FfYcI='],
    ['PLAINTEXT', 'https://provider.test', '&'],
  ])("signs with %s for %s as in Authlib's tests", (signatureMethod, url, signature) => {
    expect(headerParameters(sign({ url }, { signatureMethod })).oauth_signature).toBe(signature);
  });

  it.each([
    ['HMAC-SHA1', 'hH5BWYVqo7QI4EmPBUUe9owRUUQ='],
    ['HMAC-SHA256', 'JzgJWBxX664OiMW3WE4MEjtYwOjI/paUWHqtdHe68Es='],
  ])("signs a GET with %s as in oauthlib's tests", (signatureMethod, signature) => {
    const signed = signRequest(
      { method: 'GET', url: 'http://example.com' },
      { clientId: 'client_key', clientSecret: '', signatureMethod, signatureType: 'HEADER' },
      { nonce: 'abc', timestamp: '1234567890' },
    );
    expect(headerParameters(signed).oauth_signature).toBe(signature);
  });

  it.each([
    ['status=%E5%95%A6%E5%95%A6', 'yrtSqp88m/c5UDaucI8BXK4oEtk='],
    ['status=%C3%A6%C3%A5%C3%B8', 'oG5t3Eg/XO5FfQgUUlTtUeeZzvk='],
  ])("signs the form %s as in oauthlib's tests", (body, signature) => {
    const signed = signRequest(
      { method: 'POST', url: 'http://i.b/path', contentType: FORM, body },
      { clientId: 'client_key', clientSecret: '', signatureMethod: 'HMAC-SHA1', signatureType: 'HEADER' },
      { nonce: 'abc', timestamp: 'abc' },
    );
    expect(headerParameters(signed).oauth_signature).toBe(signature);
  });

  it("signs parameters in the query and in the body as in oauthlib's tests", () => {
    const credentials = { clientId: 'client_key', clientSecret: '', signatureMethod: 'HMAC-SHA1' };
    const stamp = { nonce: '14205877133089081931378988215', timestamp: '1378988215' };
    const request = { method: 'POST', url: 'http://i.b/path' };
    const inQuery = signRequest(request, { ...credentials, signatureType: 'QUERY' }, stamp);
    expect(new URL(inQuery.url).searchParams.get('oauth_signature')).toBe('08G5Snvw+gDAzBF+CmT5KqlrPKo=');

    const form = { ...request, contentType: FORM, body: 'a=b' };
    const inBody = signRequest(form, { ...credentials, signatureType: 'BODY' }, stamp);
    expect(new URLSearchParams(String(inBody.body)).get('oauth_signature')).toBe('2JAQomgbShqoscqKWBiYQZwWq94=');
  });

  it('signs a Tweet as in the documentation of Twitter', () => {
    const signed = signRequest(
      {
        method: 'post',
        url: 'https://api.twitter.com/1.1/statuses/update.json?include_entities=true',
        contentType: FORM,
        body: 'status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21',
      },
      TWITTER,
      { nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg', timestamp: '1318622958' },
    );
    expect(headerParameters(signed)).toEqual({
      oauth_consumer_key: 'xvz1evFS4wEEPTGEFPHBog',
      oauth_nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
      oauth_signature: 'hCtSmYh+iHYCEqBWrE7C7hYmtUk=',
      oauth_signature_method: 'HMAC-SHA1',
      oauth_timestamp: '1318622958',
      oauth_token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
      oauth_version: '1.0',
    });
  });

  it('signs a photo request as published on the OAuth mailing list', () => {
    const signed = signRequest(
      {
        method: 'GET',
        url:
          'http://example.com:80/photo?title=taken%20with%20a%2030%25%20orange%20filter&file=mountain+%26+water+view' +
          '&format=jpeg&include=date&include=aperture',
      },
      {
        clientId: '1234=asdf=4567',
        clientSecret: 'erks823*43=asd&123ls%23',
        token: 'asdf-4354=asew-5698',
        tokenSecret: 'dis9$#$Js009%==',
        signatureMethod: 'HMAC-SHA1',
        signatureType: 'HEADER',
      },
      { nonce: '3jd834jd9', timestamp: '12303202302' },
    );
    expect(headerParameters(signed).oauth_signature).toBe('jMdUSR1vOr3SzNv3gZ5DDDuGirA=');
  });
});

describe('signRequest', () => {
  it('adds only the protocol parameters that the credentials require', () => {
    expect(Object.keys(headerParameters(sign({})))).toEqual([
      'oauth_consumer_key',
      'oauth_nonce',
      'oauth_signature_method',
      'oauth_timestamp',
      'oauth_version',
      'oauth_signature',
    ]);
    const whole = { token: 'a token', callback: 'https://client.test/cb?a=b', verifier: 'ver/ifier' };
    expect(headerParameters(sign({}, whole))).toMatchObject({
      oauth_token: 'a token',
      oauth_callback: 'https://client.test/cb?a=b',
      oauth_verifier: 'ver/ifier',
    });
  });

  it('signs and returns the normalized URL', () => {
    const signed = sign({ method: 'GET', url: 'HTTPS://Provider.Test:443/a/../b c?q=é' });
    expect(signed.url).toBe('https://provider.test/b%20c?q=%C3%A9');
    expect(signed).toEqual(sign({ method: 'GET', url: signed.url }));
  });

  it.each([FORM, `${FORM}; charset=UTF-8`, 'Application/X-WWW-Form-URLEncoded ;charset=utf-8'])(
    'signs the parameters of a form body with the content type %s',
    (contentType) => {
      const inForm = sign({ contentType, body: 'a=1&a=&b+c=%2B' });
      const inQuery = sign({ url: 'https://provider.test?a=1&a=&b+c=%2B' });
      expect(inForm.authorization).toBe(inQuery.authorization);
    },
  );

  it.each(['text/plain', `text/plain; note="${FORM}"`, `${FORM}-not`, undefined])(
    'does not sign a body with the content type %s',
    (contentType) => {
      expect(sign({ contentType, body: 'a=1' }).authorization).toBe(sign({}).authorization);
    },
  );

  it('signs the parameters of a form body in bytes', () => {
    const body = 'status=%E5%95%A6&name=é';
    expect(sign({ contentType: FORM, body: new TextEncoder().encode(body) }).authorization).toBe(
      sign({ contentType: FORM, body }).authorization,
    );
  });

  it('signs with the client secret and the token secret', () => {
    const baseString =
      'POST&https%3A%2F%2Fprovider.test%2F&oauth_consumer_key%3Dfoo%26oauth_nonce%3Dabc%26oauth_signature_method%3D' +
      'HMAC-SHA256%26oauth_timestamp%3D123%26oauth_token%3Dbar%26oauth_version%3D1.0';
    const credentials = { clientSecret: 'c&s', token: 'bar', tokenSecret: 't s', signatureMethod: 'HMAC-SHA256' };
    expect(headerParameters(sign({}, credentials)).oauth_signature).toBe(
      createHmac('sha256', 'c%26s&t%20s').update(baseString).digest('base64'),
    );
  });

  it('calls a custom signature method with the base string', () => {
    const method = jest.fn<SignatureMethod>((baseString) => `signed ${baseString.length}`);
    const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const signed = sign(
      {},
      { clientSecret: 'cs', signatureMethod: 'MY/OWN', signatureMethods: new Map([['MY/OWN', method]]), rsaKey },
    );
    const baseString =
      'POST&https%3A%2F%2Fprovider.test%2F&oauth_consumer_key%3Dfoo%26oauth_nonce%3Dabc%26oauth_signature_method%3D' +
      'MY%252FOWN%26oauth_timestamp%3D123%26oauth_version%3D1.0';
    expect(method).toHaveBeenCalledWith(baseString, { clientSecret: 'cs', tokenSecret: '', rsaKey });
    expect(headerParameters(signed)).toMatchObject({
      oauth_signature_method: 'MY/OWN',
      oauth_signature: `signed ${baseString.length}`,
    });
  });

  it('throws OAuthConfigError for an unknown signature method', () => {
    expect(() => sign({}, { signatureMethod: 'HMAC-MD5', clientSecret: 'hidden' })).toThrow(OAuthConfigError);
    expect(() => sign({}, { signatureMethod: 'HMAC-MD5', clientSecret: 'hidden' })).not.toThrow(/hidden/);
  });
});

describe('the nonce and the timestamp', () => {
  const credentials: OAuth1Credentials = {
    clientId: 'foo',
    clientSecret: '',
    signatureMethod: 'HMAC-SHA1',
    signatureType: 'HEADER',
  };
  const stampOf = () => headerParameters(signRequest({ method: 'GET', url: 'https://provider.test' }, credentials));

  it('have a different nonce for each request', () => {
    const nonces = new Set(Array.from({ length: 1000 }, () => stampOf().oauth_nonce));
    expect(nonces.size).toBe(1000);
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9]{30}$/);
  });

  it('have a timestamp in whole seconds', () => {
    jest.useFakeTimers({ now: 1_318_622_958_999 });
    expect(stampOf().oauth_timestamp).toBe('1318622958');
    jest.useRealTimers();
  });

  it('are sent with PLAINTEXT, too', () => {
    expect(headerParameters(sign({}, { signatureMethod: 'PLAINTEXT' }))).toMatchObject({
      oauth_nonce: 'abc',
      oauth_timestamp: '123',
    });
  });
});

describe('protocol parameters in the header', () => {
  it('do not change the URL and the body', () => {
    const request = { url: 'https://provider.test/?a=%7e&b=c+d', contentType: FORM, body: 'x=%7e&y=+&z' };
    expect(sign(request)).toEqual({ ...request, authorization: expect.any(String) });
    const bytes = new Uint8Array([0, 255]);
    expect(sign({ contentType: 'image/png', body: bytes }).body).toBe(bytes);
  });

  it('are percent-encoded', () => {
    expect(sign({}, { token: 'a "b", c\r\nX: d' }).authorization).toContain(
      'oauth_token="a%20%22b%22%2C%20c%0D%0AX%3A%20d"',
    );
  });

  it('follow the realm, which is not signed', () => {
    const { authorization } = sign({}, { realm: 'Photos' });
    expect(authorization).toBe(sign({}).authorization?.replace('OAuth ', 'OAuth realm="Photos", '));
  });

  it('follow an empty realm', () => {
    expect(sign({}, { realm: '' }).authorization).toMatch(/^OAuth realm="", oauth_/);
  });

  it('follow a realm whose quotes are escaped and whose control characters are removed', () => {
    const realm = 'a"b\\c\r\nX-Injected: yes\u0000\u007f, oauth_token="d"é';
    expect(sign({}, { realm }).authorization).toBe(
      sign({}).authorization?.replace('OAuth ', 'OAuth realm="a\\"b\\\\cX-Injected: yes, oauth_token=\\"d\\"", '),
    );
  });
});

describe('protocol parameters in the query', () => {
  const inQuery = { signatureType: 'QUERY' } as const;

  it('follow the parameters of the request, whose encoding does not change', () => {
    const signed = sign({ method: 'GET', url: 'https://provider.test/p?a=%7e&b=c+d#fragment' }, inQuery);
    const signature = headerParameters(
      sign({ method: 'GET', url: 'https://provider.test/p?a=~&b=c%20d' }),
    ).oauth_signature!;
    expect(signed).toEqual({
      url:
        'https://provider.test/p?a=%7e&b=c+d&oauth_consumer_key=foo&oauth_nonce=abc&oauth_signature_method=HMAC-SHA1' +
        `&oauth_timestamp=123&oauth_version=1.0&oauth_signature=${encodeURIComponent(signature)}#fragment`,
    });
  });

  it('begin the query of a URL without one', () => {
    expect(sign({}, inQuery).url).toMatch(/^https:\/\/provider\.test\/\?oauth_consumer_key=foo&/);
    expect(sign({ url: 'https://provider.test/?' }, inQuery).url).toBe(sign({}, inQuery).url);
  });

  it('do not change the body, and omit the realm', () => {
    const request = { contentType: FORM, body: 'x=%7e' };
    const signed = sign(request, { ...inQuery, realm: 'Photos' });
    expect(signed).toEqual({ ...request, url: expect.not.stringContaining('realm') });
  });
});

describe('protocol parameters in the body', () => {
  const inBody = { signatureType: 'BODY' } as const;

  it('follow the parameters of the form, whose encoding does not change', () => {
    const contentType = `${FORM}; charset=UTF-8`;
    const signed = sign({ contentType, body: 'a=%7e&b=c+d' }, inBody);
    const signature = headerParameters(sign({ contentType, body: 'a=%7e&b=c+d' })).oauth_signature!;
    expect(signed).toEqual({
      url: 'https://provider.test/',
      contentType,
      body:
        'a=%7e&b=c+d&oauth_consumer_key=foo&oauth_nonce=abc&oauth_signature_method=HMAC-SHA1&oauth_timestamp=123' +
        `&oauth_version=1.0&oauth_signature=${encodeURIComponent(signature)}`,
    });
  });

  it('follow the parameters of a form body in bytes', () => {
    const body = 'a=é';
    expect(sign({ contentType: FORM, body: Buffer.from(body) }, inBody)).toEqual(
      sign({ contentType: FORM, body }, inBody),
    );
  });

  it.each(['POST', 'put', 'PATCH'])('become the form body of a %s without a body', (method) => {
    const signed = sign({ method }, inBody);
    expect(signed).toEqual({
      url: 'https://provider.test/',
      contentType: FORM,
      body: expect.stringMatching(/^oauth_consumer_key=foo&.*&oauth_signature=[\w%]+$/),
    });
    expect(signed).toEqual(sign({ method, contentType: FORM, body: '' }, inBody));
  });

  it.each([
    { what: 'JSON', request: { contentType: 'application/json', body: '{}' } },
    { what: 'bytes without a content type', request: { body: new Uint8Array([1]) } },
    { what: 'a stream', request: { contentType: 'multipart/form-data' } },
    { what: 'a GET', request: { method: 'GET' } },
    { what: 'a HEAD', request: { method: 'HEAD' } },
    { what: 'a DELETE', request: { method: 'DELETE' } },
  ])('move to the header for $what', ({ request }) => {
    expect(sign(request, inBody)).toEqual(sign(request));
  });
});

describe('oauth_body_hash', () => {
  const hashed = { forceIncludeBody: true };
  const text = { contentType: 'text/plain', body: 'Hello World!' };

  it.each([
    ['PUT', 'Hello World!', 'Lve95gjOVATpfV8EL5X4nxwjKHE='],
    ['GET', '', '2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
  ])('is as in draft-eaton-oauth-bodyhash for a %s with the body %j', (method, body, hash) => {
    expect(headerParameters(sign({ method, contentType: 'text/plain', body }, hashed)).oauth_body_hash).toBe(hash);
  });

  it.each([
    ['HMAC-SHA1', 'sha1'],
    ['RSA-SHA1', 'sha1'],
    ['PLAINTEXT', 'sha1'],
    ['HMAC-SHA256', 'sha256'],
    ['RSA-SHA256', 'sha256'],
  ])('is calculated for %s with %s', (signatureMethod, hash) => {
    const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const signed = sign(text, { ...hashed, signatureMethod, rsaKey });
    expect(headerParameters(signed).oauth_body_hash).toBe(createHash(hash).update(text.body).digest('base64'));
  });

  it('is the hash of the sent bytes', () => {
    const body = new Uint8Array([0, 128, 255]);
    const signed = sign({ contentType: 'image/png', body }, hashed);
    expect(headerParameters(signed).oauth_body_hash).toBe(createHash('sha1').update(body).digest('base64'));
    expect(signed.body).toBe(body);
  });

  it('is percent-encoded', () => {
    const { authorization } = sign({ contentType: 'text/plain', body: '' }, hashed);
    expect(authorization).toContain('oauth_body_hash="2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D"');
  });

  it('is signed', () => {
    const other = sign({ ...text, body: 'Hello World?' }, hashed);
    expect(headerParameters(sign(text, hashed)).oauth_signature).not.toBe(headerParameters(other).oauth_signature);
  });

  it('is sent where the other parameters are sent', () => {
    const { searchParams } = new URL(sign(text, { ...hashed, signatureType: 'QUERY' }).url);
    expect(searchParams.get('oauth_body_hash')).toBe('Lve95gjOVATpfV8EL5X4nxwjKHE=');
  });

  it.each<{ when: string; request: Partial<SignableRequest>; credentials: Partial<OAuth1Credentials> }>([
    { when: 'by default', request: text, credentials: {} },
    { when: 'with a form', request: { contentType: FORM, body: 'a=b' }, credentials: hashed },
    { when: 'without a body', request: {}, credentials: hashed },
    {
      when: 'if the protocol parameters become the body',
      request: {},
      credentials: { ...hashed, signatureType: 'BODY' },
    },
  ])('is not sent $when', ({ request, credentials }) => {
    expect(JSON.stringify(sign(request, credentials))).not.toContain('oauth_body_hash');
  });
});

describe('the signature', () => {
  const request = { url: 'https://provider.test/p?a=1', contentType: FORM, body: 'b=2' };

  it.each<SignatureType>(['HEADER', 'QUERY', 'BODY'])(
    'is the same with the protocol parameters in %s',
    (signatureType) => {
      const signed = sign(request, { signatureType });
      const everywhere = new Map([
        ...Object.entries(signed.authorization ? headerParameters(signed) : {}),
        ...parseForm(new URL(signed.url).search.slice(1)),
        ...parseForm(String(signed.body)),
      ]);
      expect(everywhere.get('oauth_signature')).toBe(headerParameters(sign(request)).oauth_signature);
    },
  );
});
