import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arePlain } from '../../lib/config/plain-settings.js';
import { readClient } from '../../lib/config/read-client.js';
import { normalizeKeys, type Settings } from '../../lib/config/setting-keys.js';
import { snakeCase } from '../../lib/config/snake-case.js';
import { registryWith } from './registry-with.js';

const PLAIN = {
  clientId: 'id',
  clientSecret: 's3cret',
  authorizeUrl: 'https://provider.example/oauth2/authorize',
  accessTokenUrl: 'https://provider.example:8443/oauth2/token',
  apiBaseUrl: 'https://api.provider.example/',
  userinfoEndpoint: 'https://provider.example/userinfo',
  authorizeParams: { prompt: 'consent' },
  clientKwargs: { scope: 'openid email', codeChallengeMethod: 'S256' },
};

const SNAKE_CASE = {
  ...Object.fromEntries(Object.entries(PLAIN).map(([key, value]) => [snakeCase(key), value])),
  client_kwargs: { scope: 'openid email', code_challenge_method: 'S256' },
};

/** Returns the faults that the complete check finds. */
function faultsOf(settings: Settings): readonly string[] {
  const origin = { name: 'dev', registeredAtRunTime: false, allowInsecureHosts: false };
  const read = readClient(origin, normalizeKeys(settings));
  return 'faults' in read ? read.faults : [];
}

const URLS = fc.oneof(
  fc.webUrl({ validSchemes: ['https', 'http'] }),
  fc.stringMatching(/^https:\/\/[a-z0-9.:-]{1,40}(\/[\w./~?#-]{0,20})?$/),
  fc.constantFrom(
    ...[
      'https://1.2.3.400/',
      'https://a..example/',
      'https://.example/',
      'https://xn--a.example/',
      'https://-a.example',
    ],
    ...[
      'https://a.example:99999/',
      'https://a.example:0/',
      'https://a.example/%zz',
      'https://a.0x7f',
      'http://a.example',
    ],
    ...[`https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.example/`],
    ...['https://a.example/\n', 'HTTPS://A.EXAMPLE/', 'https://user:pass@a.example/', 'https://a.example\\@b.example/'],
  ),
);
const VALUES = fc.oneof(
  URLS,
  fc.string({ maxLength: 20 }),
  fc.constantFrom<unknown>('', 'none', 'S256', 'x'.repeat(9000), null, undefined, 0, true, {}, [], () => 'secret'),
  fc.dictionary(
    fc.constantFrom('max_age', 'acr_values', 'prompt', 'scope', 'leeway', 'code_challenge_method', '__proto__'),
    fc.anything(),
  ),
);
const CAMEL_CASE = [...Object.keys(PLAIN), 'issuer', 'preset', 'requestTokenUrl', 'grantType', 'allowInsecureHttp'];
const KEYS = [...CAMEL_CASE, ...CAMEL_CASE.map(snakeCase), 'typo', '__proto__', 'constructor'];
const CHANGES = fc.dictionary(fc.constantFrom(...KEYS), VALUES, { maxKeys: 3 });

describe('plain settings', () => {
  it('are settings whose complete check can wait', () => {
    expect(arePlain(PLAIN)).toBe(true);
    expect(faultsOf(PLAIN)).toEqual([]);
    expect(arePlain(SNAKE_CASE)).toBe(true);
    expect(faultsOf(SNAKE_CASE)).toEqual([]);
  });

  it('have no fault, whichever of them are changed', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.boolean(), CHANGES, (isSnakeCase, changes) => {
        const settings = { ...(isSnakeCase ? SNAKE_CASE : PLAIN), ...changes };
        if (!arePlain(settings)) return;
        plain += 1;
        expect(faultsOf(settings)).toEqual([]);
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it.each<[string, Settings]>([
    ['a URL with http', { accessTokenUrl: 'http://provider.example/token' }],
    ['an unknown key', { clientIdd: 'id' }],
    ['an inherited name as a key', { constructor: 'id' }],
    ['no client_id', { clientId: undefined }],
    ['an empty client_id', { clientId: '' }],
    ['a max_age', { authorizeParams: { max_age: 'soon' } }],
    ['a key of another protocol', { clientKwargs: { signatureMethod: 'HMAC-SHA1' } }],
    ['parameters in a Map', { authorizeParams: new Map([['prompt', 'login']]) }],
    ['parameters as URLSearchParams', { authorizeParams: new URLSearchParams({ prompt: 'login' }) }],
    ['inherited parameters', { authorizeParams: Object.create({ max_age: 'soon' }) as object }],
    ['a symbol as a parameter', { authorizeParams: { [Symbol('max_age')]: 'soon' } }],
    ['a hidden parameter', { authorizeParams: Object.defineProperty({}, 'max_age', { value: 'soon' }) }],
    ['inherited settings', { clientKwargs: Object.create({ leeway: -1 }) as object }],
    ['PKCE turned off', { clientSecret: '', clientKwargs: { codeChallengeMethod: 'none' } }],
  ])('are not settings with %s', (_, change) => {
    expect(arePlain({ ...PLAIN, ...change })).toBe(false);
  });

  it('are checked at start-up if they have a fault', async () => {
    const clients = { dev: { ...PLAIN, accessTokenUrl: 'https://provider .example' } };
    await expect(registryWith({ options: { clients } })).rejects.toThrow('dev.access_token_url: expected an absolute');
  });
});
