import { describe, expect, it } from '@jest/globals';
import { registryWith } from '../config/registry-with.js';

async function faultsOf(preset: string, variables: object): Promise<readonly string[]> {
  const client = { preset, clientId: 'id', clientSecret: 'secret', variables };
  return registryWith({ options: { clients: { dev: client } } }).then(
    () => [],
    (error: unknown) => (error as { faults: readonly string[] }).faults,
  );
}

/** Values that would change the host of a URL if they were inserted into it. */
const OTHER_HOSTS = [
  'evil.com/',
  'evil.com/x',
  'evil.com#',
  'evil.com?',
  'evil.com\\',
  'a@b',
  'a:b@evil.com',
  '@evil.com',
  'a%2fb',
  'a%00',
  'a b',
  'a\tb',
  'a\nb',
  ' a',
  'ⓔvil',
  'еvil', // Cyrillic
  'a。b', // a full-width dot
  'a\u200bb',
  '..',
  '-a',
  'a-',
  '',
  '{domain}',
  '$&',
  'x'.repeat(400),
];

describe('a variable of a preset', () => {
  it.each([...OTHER_HOSTS, 'a.b', 'evil.com', '.', 'a.', '127.1', 'a:8443'])(
    'cannot change the host of a URL if it is a label: %j',
    async (shop) => {
      expect(await faultsOf('shopify', { shop })).toEqual([expect.stringMatching(/^dev\.variables\.shop: /)]);
    },
  );

  it.each([
    ...OTHER_HOSTS,
    'a..b',
    '.a',
    'a.',
    '127.1',
    '0x7f.1',
    '2130706433',
    'a:',
    'a:123456',
    'a:b',
    '[::1]',
    'https://a.example',
  ])('cannot be more than a host if it is a host: %j', async (domain) => {
    expect(await faultsOf('auth0', { domain })).toEqual([expect.stringMatching(/^dev\.variables\.domain: /)]);
  });

  it.each([
    ...OTHER_HOSTS,
    'a.example',
    '//a.example',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://a.example',
    'https://a@b.example',
    'https://a.example?x',
    'https://a.example#x',
    'https://a.example/..',
    'https://a.example/../x',
    'https://a.example/./x',
    'https://a.example/%2e%2e/x',
    'https://a.example//x',
    'https://a.example\\@b.example',
    'https://127.1',
    'https://еvil.example',
    'https://',
  ])('cannot be more than an origin with a path if it is a URL: %j', async (base_url) => {
    expect(await faultsOf('gitea', { base_url })).toEqual([expect.stringMatching(/^dev\.variables\.base_url: /)]);
  });

  it.each([[5], [true], [['a']], [{ toString: () => 'a' }], [Object.create(null)]])(
    'must be a string: %j',
    async (shop) => {
      expect(await faultsOf('shopify', { shop })).toEqual([expect.stringMatching(/^dev\.variables\.shop: /)]);
    },
  );

  it('can be no other variable by way of a prototype', async () => {
    const faults = await faultsOf('shopify', JSON.parse('{"__proto__": {"shop": "a"}}') as object);
    expect(faults).toEqual(expect.arrayContaining([expect.stringContaining('variables.shop: missing')]));
    expect(await faultsOf('shopify', { shop: 'a', constructor: 'x' })).toEqual([
      expect.stringContaining('the preset has no such variable'),
    ]);
  });

  it('with a pattern accepts only what the pattern lists', async () => {
    expect(await faultsOf('zoho', { region: 'com.evil' })).toEqual([expect.stringContaining('variables.region')]);
    expect(await faultsOf('zoho', { region: 'com.au' })).toEqual([]);
  });

  it.each([
    ['crossid', 'xn--a'],
    ['deputy', '127.1'],
    ['snowflake', 'localhost:3000'],
    ['snowflake', 'a.example:80'],
  ])('with a pattern is a part of a host: %s %j', async (preset, subdomain) => {
    expect(await faultsOf(preset, { subdomain })).toEqual([expect.stringContaining('variables.subdomain')]);
  });

  it('must not be http', async () => {
    expect(await faultsOf('gitea', { base_url: 'http://gitea.example' })).toEqual(
      expect.arrayContaining([expect.stringContaining('must be https')]),
    );
  });

  it('accepts what providers use', async () => {
    expect(await faultsOf('shopify', { shop: 'my-store' })).toEqual([]);
    expect(await faultsOf('auth0', { domain: 'login.example.com:8443' })).toEqual([]);
    expect(await faultsOf('keycloak', { base_url: 'https://sso.example.com/auth', realm: 'a_B-9' })).toEqual([]);
    expect(await faultsOf('microsoft', { tenant: '72f988bf-86f1-41af-91ab-2d7cd011db47' })).toEqual([]);
  });
});
