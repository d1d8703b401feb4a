import { createHmac, createPrivateKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { signatureBaseString } from '../../lib/oauth1/base-string.js';
import { encodeParameters, parseForm } from '../../lib/oauth1/percent-encoding.js';
import { findSignatureMethod, type SignatureKeys } from '../../lib/oauth1/signature-methods.js';
import { OAuthConfigError } from '../../lib/errors/oauth.errors.js';

function sign(name: string, baseString: string, keys: Partial<SignatureKeys> = {}): string {
  return findSignatureMethod(name)!(baseString, { clientSecret: '', tokenSecret: '', ...keys });
}

/** The private key from the RSA-SHA1 test case of wiki.oauth.net. */
const WIKI_KEY = createPrivateKey({
  key: Buffer.from(
    'MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALRiMLAh9iimur8VA7qVvdqxevEuUkW4K+2KdMXmnQbG9Aa7k7eBjK1S+0LYmVjP' +
      'KlJGNXHDGuy5Fw/d7rjVJ0BLB+ubPK8iA/Tw3hLQgXMRRGRXXCn8ikfuQfjUS1uZSatdLB81mydBETlJhI6GH4twrbDJCR2Bwy/XWXgqgGRz' +
      'AgMBAAECgYBYWVtleUzavkbrPjy0T5FMou8HX9u2AC2ry8vD/l7cqedtwMPp9k7TubgNFo+NGvKsl2ynyprOZR1xjQ7WgrgVB+mmuScOM/5H' +
      'VceFuGRDhYTCObE+y1kxRloNYXnx3ei1zbeYLPCHdhxRYW7T0qcynNmwrn05/KO2RLjgQNalsQJBANeA3Q4Nugqy4QBUCEC09SqylT2K9Frr' +
      'ItqL2QKc9v0ZzO2uwllCbg0dwpVuYPYXYvikNHHg+aCWF+VXsb9rpPsCQQDWR9TT4ORdzoj+NccnqkMsDmzt0EfNaAOwHOmVJ2RVBspPcxt5' +
      'iN4HI7HNeG6U5YsFBb+/GZbgfBT3kpNGWPTpAkBI+gFhjfJvRw38n3g/+UeAkwMI2TJQS4n8+hid0uus3/zOjDySH3XHCUnocn1xOJAyZODB' +
      'o47E+67R4jV1/gzbAkEAklJaspRPXP877NssM5nAZMU0/O/NGCZ+3jPgDUno6WbJn5cqm8MqWhW1xGkImgRk+fkDBquiq4gPiT898jusgQJA' +
      'd5Zrr6Q8AO/0isr/3aa6O6NLQxISLKcPDk2NOccAfS/xOtfOz4sJYM3+Bs4Io9+dZGSDCA54Lw03eHTNQghS0A==',
    'base64',
  ),
  format: 'der',
  type: 'pkcs8',
});

const PHOTOS =
  'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26' +
  'oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26' +
  'oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal';

const RFC_BASE_STRING =
  'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D' +
  '%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26' +
  'oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7';

describe('HMAC-SHA1', () => {
  it.each([
    ['bs', 'cs', '', 'egQqG5AJep5sJ7anhXju1unge2I='],
    ['bs', 'cs', 'ts', 'VZVjXceV7JgPq/dOTnNmEfO0Fv8='],
    [PHOTOS, 'kd94hf93k423kf44', 'pfkkdhi9sl3r4s00', 'tR3+Ty81lMeYAr/Fid0kMTYa/WM='],
  ])(
    'signs %j with %s&%s (wiki.oauth.net, HMAC-SHA1; OAuth Core 1.0a A.5.2)',
    (text, clientSecret, tokenSecret, signature) => {
      expect(sign('HMAC-SHA1', text, { clientSecret, tokenSecret })).toBe(signature);
    },
  );

  const CLIENT = 'oauth_consumer_key=dpf43f3p2l4k3l03&oauth_signature_method=HMAC-SHA1';
  it.each([
    {
      step: 'the request token',
      method: 'POST',
      url: 'https://photos.example.net/initiate',
      params: `${CLIENT}&oauth_timestamp=137131200&oauth_nonce=wIjqoS&oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready`,
      tokenSecret: '',
      signature: '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
    },
    {
      step: 'the access token',
      method: 'POST',
      url: 'https://photos.example.net/token',
      params: `${CLIENT}&oauth_token=hh5s93j4hdidpola&oauth_timestamp=137131201&oauth_nonce=walatlh&oauth_verifier=hfdp7dh39dks9884`,
      tokenSecret: 'hdhd0244k9j7ao03',
      signature: 'gKgrFCywp7rO0OXSjdot/IHF7IU=',
    },
    {
      step: 'the photo',
      method: 'GET',
      url: 'http://photos.example.net/photos',
      params: `file=vacation.jpg&size=original&${CLIENT}&oauth_token=nnch734d00sl2jdk&oauth_timestamp=137131202&oauth_nonce=chapoH`,
      tokenSecret: 'pfkkdhi9sl3r4s00',
      signature: 'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
    },
  ])('signs the request for $step in RFC 5849 §1.2', ({ method, url, params, tokenSecret, signature }) => {
    const baseString = signatureBaseString(method, new URL(url), encodeParameters(parseForm(params)));
    expect(sign('HMAC-SHA1', baseString, { clientSecret: 'kd94hf93k423kf44', tokenSecret })).toBe(signature);
  });

  it('signs the request of RFC 5849 §3.1 as its erratum corrects it', () => {
    const keys = { clientSecret: 'j49sk3j29djd', tokenSecret: 'dh893hdasih9' };
    expect(sign('HMAC-SHA1', RFC_BASE_STRING, keys)).toBe('r6/TJjbCOr97/+UU0NsvSne7s5g=');
  });
});

describe('the HMAC methods', () => {
  const keys = { clientSecret: 'ECrDNoq1VYzzzzzzzzzyAK7TwZNtPnkqatqZZZZ', tokenSecret: 'just-a-string    asdasd' };

  it.each([
    ['HMAC-SHA1', 'wsdNmjGB7lvis0UJuPAmjvX/PXw='],
    ['HMAC-SHA256', 'wdfdHUKXHbOnOGZP8WFAWMSAmWzN3EVBWWgXGlC/Eo4='],
  ])('%s returns the signature that oauthlib recorded from OpenSSL', (name, signature) => {
    expect(sign(name, RFC_BASE_STRING, keys)).toBe(signature);
  });

  it.each([
    ['HMAC-SHA1', 'sha1'],
    ['HMAC-SHA256', 'sha256'],
  ])('%s uses both percent-encoded secrets as the key', (name, hash) => {
    const expected = createHmac(hash, 'a%26b&%C3%A9%20%2B').update('text').digest('base64');
    expect(sign(name, 'text', { clientSecret: 'a&b', tokenSecret: 'é +' })).toBe(expected);
  });
});

describe('the RSA methods', () => {
  it('RSA-SHA1 signs as in the test case of wiki.oauth.net', () => {
    const baseString =
      'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacaction.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26' +
      'oauth_nonce%3D13917289812797014437%26oauth_signature_method%3DRSA-SHA1%26oauth_timestamp%3D1196666512%26' +
      'oauth_version%3D1.0%26size%3Doriginal';
    expect(sign('RSA-SHA1', baseString, { rsaKey: WIKI_KEY })).toBe(
      'jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5qg5T1LVTGliMRpKasKsW//e' +
        '+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE=',
    );
  });

  it.each([
    ['RSA-SHA1', 'sha1'],
    ['RSA-SHA256', 'sha256'],
  ])('%s returns a signature that the public key verifies', (name, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = Buffer.from(sign(name, 'text é', { rsaKey: privateKey }), 'base64');
    expect(verify(hash, Buffer.from('text é'), publicKey, signature)).toBe(true);
    expect(verify(hash, Buffer.from('text e'), publicKey, signature)).toBe(false);
  });

  it.each([
    ['no key', undefined],
    ['a key of another kind', generateKeyPairSync('ed25519').privateKey],
  ])('refuse to sign with %s', (_, rsaKey) => {
    expect(() => sign('RSA-SHA1', 'text', { rsaKey })).toThrow(OAuthConfigError);
  });
});

describe('PLAINTEXT', () => {
  it.each([
    ['djr9rjt0jd78jf88', 'jjd999tj88uiths3', 'djr9rjt0jd78jf88&jjd999tj88uiths3'],
    ['djr9rjt0jd78jf88', 'jjd99$tj88uiths3', 'djr9rjt0jd78jf88&jjd99%24tj88uiths3'],
    ['djr9rjt0jd78jf88', '', 'djr9rjt0jd78jf88&'],
    ['', '', '&'],
  ])('returns the encoded secrets %j and %j (OAuth Core 1.0a §9.4)', (clientSecret, tokenSecret, signature) => {
    expect(sign('PLAINTEXT', 'text', { clientSecret, tokenSecret })).toBe(signature);
  });
});

describe('findSignatureMethod', () => {
  it('returns undefined for an unknown name or another case', () => {
    expect(findSignatureMethod('HMAC-MD5')).toBeUndefined();
    expect(findSignatureMethod('hmac-sha1')).toBeUndefined();
    expect(findSignatureMethod('constructor')).toBeUndefined();
  });

  it('prefers a custom method to a built-in method', () => {
    const own = () => 'own';
    const methods = new Map([
      ['HMAC-SHA512', own],
      ['HMAC-SHA1', own],
    ]);
    expect(findSignatureMethod('HMAC-SHA512', methods)).toBe(own);
    expect(findSignatureMethod('HMAC-SHA1', methods)).toBe(own);
    expect(findSignatureMethod('HMAC-SHA1')).not.toBe(own);
    expect(findSignatureMethod('PLAINTEXT', methods)).toBeDefined();
  });
});
