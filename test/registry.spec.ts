import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  OAuth1App,
  OAuth2App,
  OAuthClientModule,
  OAuthConfigError,
  OAuthRegistry,
  RemoteApp,
  type ClientRegistration,
} from 'nestjs-oauth-client';

const OAUTH2 = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};
const OAUTH1 = { ...OAUTH2, requestTokenUrl: 'https://provider.test/request' };

async function registryOf(clients: Record<string, ClientRegistration>): Promise<OAuthRegistry> {
  const module = await Test.createTestingModule({ imports: [OAuthClientModule.forRoot({ clients })] }).compile();
  await module.init();
  return module.get(OAuthRegistry);
}

/** An app class that counts its instances. */
function countingClass(): typeof OAuth2App & { built: number } {
  return class CountingApp extends OAuth2App {
    static built = 0;

    constructor(...parts: ConstructorParameters<typeof OAuth2App>) {
      super(...parts);
      CountingApp.built++;
    }
  };
}

describe('OAuthRegistry', () => {
  it('returns an OAuth1App if there is a request token URL, otherwise an OAuth2App', async () => {
    const registry = await registryOf({ one: OAUTH1, two: OAUTH2 });
    expect(registry.get('one')).toBeInstanceOf(OAuth1App);
    expect(registry.get('two')).toBeInstanceOf(OAuth2App);
    expect(registry.get('two')).toBeInstanceOf(RemoteApp);
    expect(registry.get('two').name).toBe('two');
  });

  it('returns the names of its clients', async () => {
    const registry = await registryOf({ one: OAUTH1, two: OAUTH2 });
    expect(registry.names).toEqual(['one', 'two']);
    expect([registry.has('one'), registry.has('three'), registry.has('toString')]).toEqual([true, false, false]);
    registry.names.push('three');
    expect(registry.has('three')).toBe(false);
  });

  it('throws an error with the names of its clients for an unknown client', async () => {
    const registry = await registryOf({ one: OAUTH1, two: OAUTH2 });
    expect(() => registry.get('twitter')).toThrow(OAuthConfigError);
    expect(() => registry.get('twitter')).toThrow('there is no client "twitter". Configured clients: one, two');
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('has no client "%s"', async (name) => {
    const registry = await registryOf({ one: OAUTH1 });
    expect(registry.has(name)).toBe(false);
    expect(() => registry.get(name)).toThrow(OAuthConfigError);
  });

  it('throws an error that explains how to configure clients if there are none', async () => {
    const registry = await registryOf({});
    expect(() => registry.get('dev')).toThrow(/Configured clients: none; see that ConfigModule is global/);
  });

  it('builds a client once, when it is first used', async () => {
    const appClass = countingClass();
    const registry = await registryOf({ dev: { ...OAUTH2, appClass } });
    expect(registry.has('dev')).toBe(true);
    expect(appClass.built).toBe(0);
    const app = registry.get('dev');
    expect(appClass.built).toBe(1);
    expect(registry.get('dev')).toBe(app);
    expect(appClass.built).toBe(1);
  });

  it('registers a client at run time', async () => {
    const registry = await registryOf({});
    registry.register('dev', OAUTH2);
    expect(registry.names).toEqual(['dev']);
    expect(registry.get('dev')).toBeInstanceOf(OAuth2App);
  });

  it('replaces a client at run time, even with another protocol', async () => {
    const registry = await registryOf({ dev: OAUTH2 });
    const before = registry.get('dev');
    registry.register('dev', OAUTH1, { replace: true });
    expect(registry.get('dev')).not.toBe(before);
    expect(registry.get('dev')).toBeInstanceOf(OAuth1App);
    expect(registry.names).toEqual(['dev']);
  });

  it('keeps the client if its replacement is refused', async () => {
    const registry = await registryOf({ dev: OAUTH2 });
    const before = registry.get('dev');
    expect(() => registry.register('dev', { ...OAUTH2, clientId: '' }, { replace: true })).toThrow(
      'dev.client_id: must not be empty',
    );
    expect(registry.get('dev')).toBe(before);
    expect(() => registry.register('new', { clientId: 'dev' })).toThrow(OAuthConfigError);
    expect(registry.has('new')).toBe(false);
  });

  it('builds a client of a custom class with the settings of the class', async () => {
    class GitHubApp extends OAuth2App {
      static readonly settings = {
        authorizeUrl: 'https://github.test/authorize',
        accessTokenUrl: 'https://github.test/token',
        clientKwargs: { scope: 'user' },
      };

      emails(): string {
        return `${this.name} emails`;
      }
    }
    const registry = await registryOf({ github: { clientId: 'dev', appClass: GitHubApp } });
    const app = registry.get<GitHubApp>('github');
    expect(app).toBeInstanceOf(GitHubApp);
    expect(app.emails()).toBe('github emails');
    const { url } = await app.createAuthorizationUrl('https://client.test/callback');
    expect(url).toMatch(/^https:\/\/github\.test\/authorize\?.*scope=user/);
  });

  it('checks the settings of a class, too', async () => {
    class BrokenApp extends OAuth2App {
      static readonly settings = { authorizeUrl: '/authorize', accessTokenUrl: 'https://github.test/token' };
    }
    await expect(registryOf({ dev: { clientId: 'dev', appClass: BrokenApp } })).rejects.toThrow(
      'dev.authorize_url: expected an absolute http or https URL',
    );
  });

  it('refuses a class for the other protocol, and values that are not classes', async () => {
    class OwnOAuth1App extends OAuth1App {}
    const appClasses = { a: OwnOAuth1App, b: OAuth1App, c: RemoteApp, d: 'OAuth2App', e: () => undefined, f: {} };
    for (const appClass of Object.values(appClasses)) {
      await expect(registryOf({ dev: { ...OAUTH2, appClass: appClass as never } })).rejects.toThrow(
        'dev.appClass: expected a class that extends OAuth2App',
      );
    }
    await expect(registryOf({ dev: { ...OAUTH1, appClass: OAuth2App } })).rejects.toThrow(
      'dev.appClass: expected a class that extends OAuth1App',
    );
    expect((await registryOf({ dev: { ...OAUTH1, appClass: OwnOAuth1App } })).get('dev')).toBeInstanceOf(OwnOAuth1App);
  });

  it('holds 10,000 clients, builds only used clients, and names a few in an error', async () => {
    const appClass = countingClass();
    const names = Array.from({ length: 10_000 }, (_, index) => `tenant-${index}`);
    const registry = await registryOf(Object.fromEntries(names.map((name) => [name, { ...OAUTH2, appClass }])));
    expect(registry.names).toHaveLength(10_000);
    expect(appClass.built).toBe(0);
    expect(registry.get('tenant-9999').name).toBe('tenant-9999');
    expect(appClass.built).toBe(1);
    let message = '';
    try {
      registry.get('tenant');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/Configured clients: tenant-0, tenant-1, .*tenant-19 and 9980 more$/);
    expect(message.length).toBeLessThan(500);
  });
});
