import { describe, expect, it } from '@jest/globals';
import { OAuthConfigError, type OAuthRegistry } from 'nestjs-oauth-client';
import { excessOf } from '../../lib/common/limits.js';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';
import { isLoopbackHost } from '../../lib/config/loopback.js';

const TENANT = { ...ENDPOINTS, client_id: 'id' };

async function faultsOf(settings: object, registry?: OAuthRegistry): Promise<readonly string[]> {
  const target = registry ?? (await registryWith({}));
  try {
    target.register('dev', settings);
    return [];
  } catch (error) {
    if (error instanceof OAuthConfigError) return error.faults;
    throw error;
  }
}

function object(count: number, value: unknown = 'x'): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key_${index}`, value]));
}

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}

describe('settings of a tenant', () => {
  it.each([
    ['client_kwargs', 'refresh_timeout', 3e7, 300],
    ['client_kwargs', 'leeway', 1e9, 86_400],
    [undefined, 'clock_tolerance', 1e12, 600],
  ])('refuses a duration that would overflow a timer: %s.%s of %d', async (parent, key, value, most) => {
    const settings = (seconds: number) => ({
      ...TENANT,
      ...(parent ? { [parent]: { [key]: seconds } } : { [key]: seconds }),
    });
    const path = parent ? `dev.${parent}.${key}` : `dev.${key}`;
    expect(await faultsOf(settings(value))).toEqual([`${path}: expected 0 to ${most} seconds`]);
    expect(await faultsOf(settings(most + 1))).toHaveLength(1);
    expect(await faultsOf(settings(most))).toEqual([]);
    for (const odd of [NaN, Infinity, -Infinity, -1]) expect(await faultsOf(settings(odd))).not.toEqual([]);
  });

  it('refuses numbers that are not finite in parameters', async () => {
    for (const odd of [NaN, Infinity]) {
      expect(await faultsOf({ ...TENANT, access_token_params: { a: odd } })).toHaveLength(1);
    }
  });

  it.each(['client_kwargs', 'clientKwargs', 'http', 'profile', 'token_request', 'authorize_params'])(
    'refuses 100,000 levels of %s',
    async (key) => {
      let deep: object = {};
      for (let level = 0; level < 100_000; level++) deep = { [key]: deep };
      expect(await faultsOf({ ...TENANT, ...deep })).not.toEqual([]);
    },
  );

  it.each([20_000, 200_000])('denial of service: refuses %d unknown keys at once, in one line', async (count) => {
    const registry = await registryWith({});
    const settings = { ...TENANT, ...object(count) };
    const kwargs = { ...TENANT, client_kwargs: object(count) };
    const begun = performance.now();
    expect(await faultsOf(settings, registry)).toEqual([`dev.settings: ${count + 3} keys; expected at most 200`]);
    expect(await faultsOf(kwargs, registry)).toEqual([`dev.client_kwargs: ${count} keys; expected at most 200`]);
    expect(performance.now() - begun).toBeLessThan(10_000); // without the limit it takes minutes, with quadratic growth
  });

  it('lists 20 of 200 faults, shortened and escaped', async () => {
    const settings = { ...TENANT, ...object(150), [`line\r\nbreak\u202e${'x'.repeat(5_000)}`]: 1 };
    const faults = await faultsOf(settings);
    expect(faults).toHaveLength(21);
    expect(faults.at(-1)).toBe('dev: 131 more faults are not listed');
    const [fault = ''] = await faultsOf({ ...TENANT, [`line\r\nbreak\u202e${'x'.repeat(5_000)}`]: 1 });
    expect(fault).toMatch(/^dev\.line\\u000d\\u000abreak\\u202ex+…: unknown key$/);
    expect(fault.length).toBeLessThan(120);
  });

  it.each([
    ['client_id', 'x'.repeat(8_193), 'expected at most 8192 characters'],
    ['client_secret', 'x'.repeat(8_193), 'expected at most 8192 characters'],
    ['authorize_url', `https://provider.test/${'x'.repeat(8_192)}`, 'expected at most 8192 characters'],
    ['private_keys', 'x'.repeat(500_001), 'expected at most 500000 characters'],
    ['dpop_key', { kty: 'RSA', n: 'x'.repeat(500_001) }, 'expected at most 500000 characters'],
    ['client_certificate', { cert: 'x'.repeat(500_001), key: 'k' }, 'expected at most 500000 characters'],
    ['api_origins', Array.from({ length: 101 }, () => 'https://a.test'), 'expected at most 100 entries'],
    ['resource', Array.from({ length: 101 }, () => 'https://a.test'), 'expected at most 100 entries'],
    ['access_token_params', object(101), 'expected at most 100 entries'],
    ['authorize_params', object(101), 'expected at most 100 entries'],
    ['authorize_params', object(99, object(99)), 'expected at most 100 entries'],
    ['authorize_params', { claims: nested(9) }, 'expected at most 8 levels of arrays and objects'],
    ['authorize_params', { ['x'.repeat(8_193)]: 1 }, 'expected at most 8192 characters'],
    ['unknown', nested(100_000), 'expected at most 8 levels of arrays and objects'],
  ])('refuses a value of %s that is too large', async (key, value, why) => {
    expect(await faultsOf({ ...TENANT, [key]: value })).toEqual([`dev.${key}: ${why}`]);
  });

  it('refuses values of client_kwargs that are too large', async () => {
    const client_kwargs = { scope: Array.from({ length: 101 }, () => 'a'), realm: 'x'.repeat(8_193) };
    expect(await faultsOf({ ...TENANT, client_kwargs })).toEqual([
      'dev.client_kwargs.scope: expected at most 100 entries',
      'dev.client_kwargs.realm: expected at most 8192 characters',
    ]);
  });

  it.each([
    'https://provider.test/\r\nx',
    'https://provider.test/a b',
    'https://provider.test/\t',
    'https://provider.test\u0000',
  ])('refuses spaces and line breaks in a URL: %j', async (authorize_url) => {
    expect(await faultsOf({ ...TENANT, authorize_url })).toEqual([
      'dev.authorize_url: expected an absolute http or https URL',
    ]);
  });

  it.each([
    ['max_age', 'soon'],
    ['max_age', -1],
    ['max_age', { a: 1 }],
    ['acr_values', { a: 1 }],
    ['acr_values', ''],
    ['acr_values', ['a', 7]],
  ])('refuses authorize_params that would disable a check of the id_token: %s of %j', async (key, value) => {
    expect(await faultsOf({ ...TENANT, authorize_params: { [key]: value } })).toEqual([
      expect.stringMatching(new RegExp(`^dev\\.authorize_params\\.${key}: expected a`)),
    ]);
  });
});

describe('options of the module', () => {
  it.each([2 ** 31, -1, NaN, Infinity, '5000'])('refuse an http.timeout of %p', async (timeout) => {
    await expect(registryWith({ options: { http: { timeout } } })).rejects.toThrow('http.timeout: expected a number');
  });

  it.each([[5], ['axios'], [[]]])('refuse %j for http', async (http) => {
    await expect(registryWith({ options: { http } })).rejects.toThrow('http: expected an object of axios defaults');
  });
});

describe('excessOf()', () => {
  it('stops at a circular reference', () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    expect(excessOf(circle, { depth: 8, entries: 10, length: 10 })).toBe(
      'expected at most 8 levels of arrays and objects',
    );
  });

  it('counts all entries of shared arrays', () => {
    let shared: unknown = 'x';
    for (let level = 0; level < 8; level++) shared = Array.from({ length: 100 }, () => shared);
    expect(excessOf(shared, { depth: 8, entries: 100, length: 10 })).toBe('expected at most 100 entries');
  });
});

it.each([
  ['localhost', true],
  ['app.localhost', true],
  ['127.0.0.1', true],
  ['127.255.3.4', true],
  ['[::1]', true],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['evillocalhost', false],
  ['128.0.0.1', false],
  ['[::2]', false],
  ['0.0.0.0', false],
])('isLoopbackHost() for %s is %s', (host, isLoopback) => {
  expect(isLoopbackHost(host)).toBe(isLoopback);
});
