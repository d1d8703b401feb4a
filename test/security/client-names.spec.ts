import { describe, expect, it } from '@jest/globals';
import { OAuthConfigError, type OAuthRegistry } from 'nestjs-oauth-client';
import { nameFaults } from '../../lib/config/client-name.js';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';

const CLIENT = { ...ENDPOINTS, client_id: 'id' };
const HOSTILE = [
  '..',
  'a..b',
  '../admin',
  'a/b',
  'a\\b',
  'a b',
  'a#b',
  'a?b',
  'a%2fb',
  'a"b',
  '<script>',
  '.hidden',
  '-flag',
  '@scope',
  'a\r\nSet-Cookie: b=c',
  'a\u0000b',
  'a\u202eb',
  'über',
];

/** Returns the faults with which a function throws or rejects. */
async function faultsOf(run: () => unknown): Promise<readonly string[]> {
  try {
    await run();
  } catch (error) {
    if (error instanceof OAuthConfigError) return error.faults;
    throw error;
  }
  return [];
}

function expectOneSafeLine([fault = '', ...more]: readonly string[]): void {
  expect(more).toEqual([]);
  expect(fault).toMatch(/: not a valid client name\. Expected 1 to 100 characters/);
  expect(fault).toMatch(/^[\x20-\x7e…]+$/);
  expect(fault.length).toBeLessThan(400);
}

describe('client names', () => {
  it.each(['a', 'my-idp', 'my_idp', 'acme.example', 'tenant:42', 'ada@acme.example', '9', 'x~1'])(
    'accepts %s',
    async (name) => {
      const registry = await registryWith({});
      registry.register(name, CLIENT);
      expect(registry.names).toEqual([name]);
    },
  );

  describe.each(HOSTILE)('refuses %j in one line that shows it escaped', (name) => {
    it('run-time registration refuses the name', async () => {
      const registry = await registryWith({});
      expectOneSafeLine(await faultsOf(() => registry.register(name, CLIENT)));
      expect(registry.has(name)).toBe(false);
    });

    it('dynamic registration refuses the name before it sends a request', async () => {
      const registry = await registryWith({});
      const metadata = { redirect_uris: ['https://app.test/callback'] };
      const config = { issuer: 'https://provider.invalid' };
      expectOneSafeLine(await faultsOf(() => registry.registerDynamically(name, config, metadata)));
    });

    it('the module options refuse the name', async () => {
      expectOneSafeLine(await faultsOf(() => registryWith({ options: { clients: { [name]: CLIENT } } })));
    });

    it('the settings refuse the name', async () => {
      const settings = { AUTHLIB_OAUTH_CLIENTS: JSON.stringify({ [name]: CLIENT }) };
      expectOneSafeLine(await faultsOf(() => registryWith({ settings })));
    });
  });

  it.each(['__proto__', 'constructor', 'toString'])('prototype property: refuses %s at run time', async (name) => {
    const registry = await registryWith({});
    expect(() => registry.register(name, CLIENT)).toThrow(/not (a valid|allowed as a) client name/);
  });

  it('refuses a name of more than 100 characters', async () => {
    const registry = await registryWith({});
    registry.register('a'.repeat(100), CLIENT);
    expectOneSafeLine(await faultsOf(() => registry.register('a'.repeat(101), CLIENT)));
  });

  it.each([undefined, null, 7, {}, ['dev'], Symbol('dev')])('refuses a name that is not a string', (name) => {
    expect(nameFaults(name)).toEqual(['the name of a client must be a string']);
  });

  it('log injection: escapes and shortens the name in errors about unknown clients and invalid settings', async () => {
    const name = `a\r\nforged line\u202e${'x'.repeat(10_000)}`;
    const registry: OAuthRegistry = await registryWith({});
    const [unknown = ''] = await faultsOf(() => registry.get(name));
    expect(unknown).toMatch(/^there is no client "a\\u000d\\u000aforged line\\u202ex+…"\. Configured clients: none/);
    const [notAnObject = ''] = await faultsOf(() =>
      registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { [name]: 5 } } }),
    );
    expect(notAnObject).toMatch(/^AUTHLIB_OAUTH_CLIENTS\.a\\u000d\\u000aforged line/);
    expect(Math.max(unknown.length, notAnObject.length)).toBeLessThan(300);
  });
});
