import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import OAuth from 'oauth-1.0a';
import { baseStringUri, signatureBaseString } from '../../lib/oauth1/base-string.js';
import { encodeParameters, type Parameter, parseForm } from '../../lib/oauth1/percent-encoding.js';

function baseString(method: string, url: string, params: Parameter[] = []): string {
  const parsed = new URL(url);
  return signatureBaseString(method, parsed, encodeParameters([...parseForm(parsed.search.slice(1)), ...params]));
}

/** Returns the normalized parameters: the third part of the base string, decoded. */
function normalized(params: Parameter[]): string {
  return decodeURIComponent(baseString('GET', 'http://example.com/', params).split('&')[2]!);
}

describe('baseStringUri', () => {
  it.each([
    ['http://EXAMPLE.COM:80/r%20v/X?id=123', 'http://example.com/r%20v/X'],
    ['https://www.example.net:8080/?q=1', 'https://www.example.net:8080/'],
  ])('converts %s as in RFC 5849 §3.4.1.2', (url, uri) => {
    expect(baseStringUri(new URL(url))).toBe(uri);
  });

  it.each([
    ['lower-cases scheme and host, but not the path', 'HTTP://Www.Example.Com/Path', 'http://www.example.com/Path'],
    ['drops port 80 of http', 'http://www.example.com:80/', 'http://www.example.com/'],
    ['drops port 443 of https', 'https://www.example.com:443/', 'https://www.example.com/'],
    ['keeps port 443 of http', 'http://www.example.com:443/', 'http://www.example.com:443/'],
    ['keeps port 80 of https', 'https://www.example.com:80/', 'https://www.example.com:80/'],
    ['replaces an empty path with a slash', 'http://www.example.com', 'http://www.example.com/'],
    ['keeps a slash at the end', 'http://www.example.com/foo/bar/', 'http://www.example.com/foo/bar/'],
    ['drops the fragment', 'https://www.example.com/path#fragment', 'https://www.example.com/path'],
    ['drops user and password', 'https://user:secret@www.example.com/path', 'https://www.example.com/path'],
    ['keeps the brackets of IPv6', 'https://[123:DB8::5]:13000/', 'https://[123:db8::5]:13000/'],
    ['writes an international host in ASCII', 'https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['encodes a path as it is sent', 'https://example.com/hello wörld', 'https://example.com/hello%20w%C3%B6rld'],
  ])('%s', (_, url, uri) => {
    expect(baseStringUri(new URL(url))).toBe(uri);
  });
});

describe('signatureBaseString', () => {
  it('returns the example of RFC 5849 §3.4.1.1', () => {
    const params = [
      ...parseForm('c2&a3=2+q'),
      ...([
        ['oauth_consumer_key', '9djdj82h48djs9d2'],
        ['oauth_token', 'kkk9d7dh3k39sjv7'],
        ['oauth_signature_method', 'HMAC-SHA1'],
        ['oauth_timestamp', '137131201'],
        ['oauth_nonce', '7d8f3e4a'],
      ] satisfies Parameter[]),
    ];
    expect(baseString('POST', 'http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b', params)).toBe(
      'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D' +
        '%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3D' +
        'HMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
    );
  });

  it('returns the example of OAuth Core 1.0a, appendix A.5.1', () => {
    const params: Parameter[] = [
      ['oauth_version', '1.0'],
      ['oauth_consumer_key', 'dpf43f3p2l4k3l03'],
      ['oauth_token', 'nnch734d00sl2jdk'],
      ['oauth_timestamp', '1191242096'],
      ['oauth_nonce', 'kllo9940pd9333jh'],
      ['oauth_signature_method', 'HMAC-SHA1'],
    ];
    expect(baseString('GET', 'http://photos.example.net/photos?file=vacation.jpg&size=original', params)).toBe(
      'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26' +
        'oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26' +
        'oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal',
    );
  });

  it.each(['http://example.com/', 'http://example.com'])(
    'ends the URI %s with a slash (wiki.oauth.net, base string)',
    (url) => {
      expect(baseString('GET', url, [['n', 'v']])).toBe('GET&http%3A%2F%2Fexample.com%2F&n%3Dv');
    },
  );

  it('omits oauth_signature (wiki.oauth.net, base string)', () => {
    const params: Parameter[] = [
      ['oauth_version', '1.0'],
      ['oauth_consumer_key', 'dpf43f3p2l4k3l03'],
      ['oauth_timestamp', '1191242090'],
      ['oauth_nonce', 'hsu94j3884jdopsl'],
      ['oauth_signature_method', 'PLAINTEXT'],
      ['oauth_signature', 'ignored'],
    ];
    expect(baseString('POST', 'https://photos.example.net/request_token', params)).toBe(
      'POST&https%3A%2F%2Fphotos.example.net%2Frequest_token&oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3D' +
        'hsu94j3884jdopsl%26oauth_signature_method%3DPLAINTEXT%26oauth_timestamp%3D1191242090%26oauth_version%3D1.0',
    );
  });

  it('sorts and encodes a complex request as published on the OAuth mailing list', () => {
    const params: Parameter[] = [
      ['oauth_version', '1.0'],
      ['oauth_consumer_key', '1234=asdf=4567'],
      ['oauth_timestamp', '12303202302'],
      ['oauth_nonce', '3jd834jd9'],
      ['oauth_token', 'asdf-4354=asew-5698'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['title', 'taken with a 30% orange filter'],
      ['file', 'mountain & water view'],
      ['format', 'jpeg'],
      ['include', 'date'],
      ['include', 'aperture'],
    ];
    expect(baseString('GET', 'http://example.com:80/photo', params)).toBe(
      'GET&http%3A%2F%2Fexample.com%2Fphoto&file%3Dmountain%2520%2526%2520water%2520view%26format%3Djpeg%26include%3D' +
        'aperture%26include%3Ddate%26oauth_consumer_key%3D1234%253Dasdf%253D4567%26oauth_nonce%3D3jd834jd9%26' +
        'oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D12303202302%26oauth_token%3Dasdf-4354%253Dasew-5698' +
        '%26oauth_version%3D1.0%26title%3Dtaken%2520with%2520a%252030%2525%2520orange%2520filter',
    );
  });

  it.each([
    ['name', 'name='],
    ['a=b', 'a=b'],
    ['a=b&c=d', 'a=b&c=d'],
    ['a=x!y&a=x+y', 'a=x%20y&a=x%21y'],
    ['x!y=a&x=a', 'x=a&x%21y=a'],
    ['a=1&c=hi%20there&f=a&f=50&f=25&z=t&z=p', 'a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t'],
  ])('normalizes %s as in the OAuth test cases (wiki.oauth.net, normalize request parameters)', (form, expected) => {
    expect(normalized(parseForm(form))).toBe(expected);
  });

  it('sorts parameters by the encoded bytes of the names, then of the values', () => {
    const params: Parameter[] = [
      ['é', '1'],
      ['a-b', '2'],
      ['a', 'z'],
      ['a', 'B'],
      ['a', '~'],
      ['a', ''],
      ['Z', '3'],
    ];
    expect(normalized(params)).toBe('%C3%A9=1&Z=3&a=&a=B&a=z&a=~&a-b=2');
  });

  it('keeps duplicate parameters', () => {
    expect(
      normalized([
        ['a', '1'],
        ['a', '1'],
      ]),
    ).toBe('a=1&a=1');
  });

  it('contains a query parameter named realm, but not the realm of the header', () => {
    expect(baseString('GET', 'http://example.com/?realm=x')).toBe('GET&http%3A%2F%2Fexample.com%2F&realm%3Dx');
  });

  it('upper-cases the method', () => {
    expect(baseString('patch', 'http://example.com/')).toBe('PATCH&http%3A%2F%2Fexample.com%2F&');
  });

  it('encodes reserved characters of a path', () => {
    expect(baseString('GET', "http://example.com/~a/(b)!*'")).toBe(
      'GET&http%3A%2F%2Fexample.com%2F~a%2F%28b%29%21%2A%27&',
    );
  });

  it('returns the same base string as another implementation', () => {
    const oauth = new OAuth({ consumer: { key: 'key', secret: 'secret' }, hash_function: () => '' });
    const protocol = {
      oauth_consumer_key: 'key',
      oauth_nonce: 'nonce',
      oauth_signature_method: 'HMAC-SHA1',
      oauth_timestamp: 1,
      oauth_version: '1.0',
    };
    const text = fc.string({ unit: 'binary' });
    const name = text.filter((candidate) => candidate !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, text, { noNullPrototype: true }), fc.webUrl(), (data, url) => {
        const { href } = new URL(url);
        const ours = [...Object.entries(data), ...Object.entries(protocol)].map(([key, value]): Parameter => [
          key,
          String(value),
        ]);
        const theirs = oauth.getBaseString({ method: 'POST', url: href, data }, { ...protocol });
        expect(baseString('POST', href, ours)).toBe(theirs);
      }),
    );
  });

  it('sorts any parameters as in RFC 5849 §3.4.1.3.2', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '-', '.', '_', '~', '=', '&', '%', ' ', 'é', '😀') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text) as fc.Arbitrary<Parameter>), (params) => {
        const bytes = encodeParameters(params).map(
          ({ name, value }) => [Buffer.from(name), Buffer.from(value)] as const,
        );
        bytes.sort(([a, x], [b, y]) => Buffer.compare(a, b) || Buffer.compare(x, y));
        expect(normalized(params)).toBe(bytes.map(([name, value]) => `${String(name)}=${String(value)}`).join('&'));
      }),
    );
  });
});
