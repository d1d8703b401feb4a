import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { OAuthClientModule, OAuthRegistry, type ClientRegistration } from 'nestjs-oauth-client';
import { SettingsSources } from '../../lib/config/settings-sources.js';
import { authorizationUrl, clientIdOf, ENDPOINTS, registryWith } from './registry-with.js';

const KEY = 'AUTHLIB_OAUTH_CLIENTS';

describe('client settings', () => {
  const environment = { ...process.env };

  afterEach(() => {
    process.env = { ...environment };
  });

  describe('under the config key', () => {
    it('are an object of clients by name', async () => {
      const registry = await registryWith({
        settings: { [KEY]: { dev: { ...ENDPOINTS, client_id: 'a' }, other: { ...ENDPOINTS, client_id: 'b' } } },
      });
      expect(registry.names).toEqual(['dev', 'other']);
      expect(await clientIdOf(registry, 'dev')).toBe('a');
      expect(await clientIdOf(registry, 'other')).toBe('b');
    });

    it('are parsed from a JSON string, as in an environment variable', async () => {
      process.env[KEY] = JSON.stringify({ dev: { ...ENDPOINTS, client_id: 'from-environment' } });
      const registry = await registryWith({});
      expect(await clientIdOf(registry, 'dev')).toBe('from-environment');
    });

    it('do not change until a client is used, when the application changes the object', async () => {
      const client_kwargs = { scope: 'read', code_challenge_method: 'S256' };
      const authorize_params = { prompt: 'login' };
      const client = { ...ENDPOINTS, client_id: 'a', client_secret: 's', client_kwargs, authorize_params };
      const registry = await registryWith({ settings: { [KEY]: { dev: client } } });
      Object.assign(client, { client_id: 'changed' });
      Object.assign(client_kwargs, { scope: 'admin', code_challenge_method: 'none' });
      Object.assign(authorize_params, { prompt: 'none' });
      const { searchParams } = await authorizationUrl(registry, 'dev');
      expect(Object.fromEntries(searchParams)).toMatchObject({
        client_id: 'a',
        scope: 'read',
        code_challenge_method: 'S256',
        prompt: 'login',
      });
    });

    it('are read from the key in `configKey`', async () => {
      const settings = { oauth: { clients: { dev: { ...ENDPOINTS, client_id: 'a' } } }, [KEY]: { unused: 'x' } };
      const registry = await registryWith({ settings, options: { configKey: 'oauth.clients' } });
      expect(registry.names).toEqual(['dev']);
      expect(await clientIdOf(registry, 'dev')).toBe('a');
    });

    it('are read from an asynchronous factory of ConfigModule', async () => {
      const load = async (): Promise<object> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { [KEY]: { dev: { ...ENDPOINTS, client_id: 'late' } } };
      };
      const module = await Test.createTestingModule({
        imports: [
          OAuthClientModule.forRoot(),
          ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [load] }),
        ],
      }).compile();
      expect(await clientIdOf(module.get(OAuthRegistry), 'dev')).toBe('late');
    });

    it('are read with keys in snake_case, in camelCase, or in both', async () => {
      const registry = await registryWith({
        settings: {
          [KEY]: {
            dev: {
              client_id: 'dev',
              authorizeUrl: ENDPOINTS.authorize_url,
              access_token_url: ENDPOINTS.access_token_url,
              authorizeParams: { access_type: 'offline', someThing: '1' },
              client_kwargs: { scope: 'read', tokenEndpointAuthMethod: 'none' },
            },
          },
        },
      });
      const { searchParams } = await authorizationUrl(registry, 'dev');
      expect(Object.fromEntries(searchParams)).toMatchObject({
        client_id: 'dev',
        scope: 'read',
        access_type: 'offline',
        someThing: '1',
      });
    });

    it('are treated as missing if they are null, as in Authlib', async () => {
      const settings = {
        client_id: 'dev',
        client_secret: null,
        ...ENDPOINTS,
        request_token_url: null,
        request_token_params: null,
        refresh_token_url: null,
        authorize_params: null,
        api_base_url: null,
        server_metadata_url: null,
        client_kwargs: { scope: null, signature_method: null },
      };
      const registry = await registryWith({ settings: { [KEY]: { dev: settings } } });
      expect(await clientIdOf(registry, 'dev')).toBe('dev');
    });

    it('result in no clients if they are empty', async () => {
      expect((await registryWith({})).names).toEqual([]);
    });
  });

  describe('of a client that code registers, too', () => {
    const code = {
      clientId: 'code',
      ...ENDPOINTS,
      access_token_params: { foo: 'foo' },
      clientKwargs: { scope: 'code' },
    };
    const dev = {
      client_id: 'settings',
      api_base_url: 'https://api.test/',
      access_token_params: { foo: 'foo-1' },
      client_kwargs: { scope: 'settings' },
    };

    it('complete the settings in code, which take precedence', async () => {
      const registry = await registryWith({ settings: { [KEY]: { dev } }, options: { clients: { dev: code } } });
      const { searchParams } = await authorizationUrl(registry, 'dev');
      expect(Object.fromEntries(searchParams)).toMatchObject({ client_id: 'code', scope: 'code' });
    });

    it('take precedence with `overwrite`', async () => {
      const clients = { dev: { ...code, overwrite: true } };
      const registry = await registryWith({ settings: { [KEY]: { dev } }, options: { clients } });
      const { searchParams } = await authorizationUrl(registry, 'dev');
      expect(Object.fromEntries(searchParams)).toMatchObject({ client_id: 'settings', scope: 'settings' });
    });

    it('are used by `register()` with the option `overwrite` or `readSettings`', async () => {
      const registry = await registryWith({ settings: { [KEY]: { dev: { ...ENDPOINTS, client_id: 'settings' } } } });
      const replace = true;
      registry.register('dev', { ...ENDPOINTS, client_id: 'code' }, { replace });
      expect(await clientIdOf(registry, 'dev')).toBe('code');
      registry.register('dev', { ...ENDPOINTS, client_id: 'code' }, { replace, overwrite: true });
      expect(await clientIdOf(registry, 'dev')).toBe('settings');
      registry.register('dev', {}, { replace, readSettings: true });
      expect(await clientIdOf(registry, 'dev')).toBe('settings');
    });

    it('are merged with the settings of its class', async () => {
      const { OAuth2App } = await import('nestjs-oauth-client');
      class CustomApp extends OAuth2App {
        static readonly settings = { ...ENDPOINTS, authorize_url: 'https://provider.test/custom', clientId: 'class' };
      }
      const clients: Record<string, ClientRegistration> = { dev: { clientId: 'code', appClass: CustomApp } };
      const registry = await registryWith({ options: { clients } });
      const url = await authorizationUrl(registry, 'dev');
      expect(url.href).toMatch(/^https:\/\/provider\.test\/custom\?/);
      expect(url.searchParams.get('client_id')).toBe('code');
    });
  });

  describe('in environment variables', () => {
    it('provide the client identifier', async () => {
      process.env.TWITTER_CLIENT_ID = 'flat-id';
      const registry = await registryWith({ options: { clients: { twitter: ENDPOINTS } } });
      expect(await clientIdOf(registry, 'twitter')).toBe('flat-id');
    });

    it.each([
      ['my-twitter', 'MY_TWITTER'],
      ['a.b@c', 'A_B_C'],
      ['x2', 'X2'],
    ])('are read from variables with _ for special characters: %s is %s', async (name, prefix) => {
      const registry = await registryWith({
        settings: { [`${prefix}_CLIENT_ID`]: 'flat-id' },
        options: { clients: { [name]: ENDPOINTS } },
      });
      expect(await clientIdOf(registry, name)).toBe('flat-id');
    });

    it('rank after the settings under the config key, and after code', async () => {
      const settings = {
        A_CLIENT_ID: 'flat',
        B_CLIENT_ID: 'flat',
        C_CLIENT_ID: 'flat',
        [KEY]: { b: { client_id: 'settings' } },
      };
      const clients = { a: ENDPOINTS, b: ENDPOINTS, c: { ...ENDPOINTS, clientId: 'code' } };
      const registry = await registryWith({ settings, options: { clients } });
      expect(await Promise.all(['a', 'b', 'c'].map((name) => clientIdOf(registry, name)))).toEqual([
        'flat',
        'settings',
        'code',
      ]);
    });

    it('take precedence over all others with `overwrite`', async () => {
      const settings = { DEV_CLIENT_ID: 'flat', [KEY]: { dev: { client_id: 'settings' } } };
      const clients = { dev: { ...ENDPOINTS, clientId: 'code', overwrite: true } };
      const registry = await registryWith({ settings, options: { clients } });
      expect(await clientIdOf(registry, 'dev')).toBe('flat');
    });
  });

  describe('without a global ConfigModule', () => {
    beforeEach(() => {
      process.env[KEY] = JSON.stringify({ dev: { ...ENDPOINTS, client_id: 'from-environment' } });
      process.env.FLAT_CLIENT_ID = 'flat-id';
    });

    it('are read from the environment', async () => {
      const module = await Test.createTestingModule({
        imports: [OAuthClientModule.forRoot({ clients: { flat: ENDPOINTS } })],
      }).compile();
      const registry = module.get(OAuthRegistry);
      expect(await clientIdOf(registry, 'dev')).toBe('from-environment');
      expect(await clientIdOf(registry, 'flat')).toBe('flat-id');
    });

    it('are read from a ConfigModule that is not global, imported by forRootAsync', async () => {
      @Module({
        imports: [
          ConfigModule.forRoot({
            ignoreEnvFile: true,
            load: [() => ({ [KEY]: { imported: { ...ENDPOINTS, client_id: 'imported' } } })],
          }),
        ],
        exports: [ConfigModule],
      })
      class SettingsModule {}
      const module = await Test.createTestingModule({
        imports: [
          OAuthClientModule.forRootAsync({
            imports: [SettingsModule],
            inject: [ConfigService],
            useFactory: (config: ConfigService) => ({ http: { timeout: config.get<number>('TIMEOUT', 1000) } }),
          }),
        ],
      }).compile();
      expect(await clientIdOf(module.get(OAuthRegistry), 'imported')).toBe('imported');
    });
  });
});

describe('SettingsSources', () => {
  function settingsOf(settings: object, code: object, overwrite: boolean): object {
    return new SettingsSources(new ConfigService(settings as never), KEY).settingsOf('dev', code, overwrite);
  }

  it('merges parameters and client_kwargs with `overwrite`, key by key', () => {
    const stored = {
      client_secret: 'stored',
      access_token_params: { foo: 'foo-1' },
      authorizeParams: { a: '1' },
      client_kwargs: { token_placement: 'uri' },
    };
    const code = {
      clientId: 'code',
      clientSecret: 'code',
      accessTokenParams: { foo: 'foo', bar: 'bar' },
      client_kwargs: { scope: 'code', tokenPlacement: 'body' },
    };
    expect(settingsOf({ [KEY]: { dev: stored } }, code, true)).toEqual({
      clientId: 'code',
      clientSecret: 'stored',
      accessTokenParams: { foo: 'foo-1', bar: 'bar' },
      authorizeParams: { a: '1' },
      clientKwargs: { scope: 'code', tokenPlacement: 'uri' },
    });
  });

  it('treats an empty variable or setting as missing', () => {
    expect(settingsOf({ DEV_CLIENT_ID: '', DEV_CLIENT_SECRET: 'flat' }, {}, false)).toEqual({ clientSecret: 'flat' });
    const settings = { DEV_CLIENT_ID: '', [KEY]: { dev: { client_id: '', api_base_url: 'https://api.test/' } } };
    expect(settingsOf(settings, { clientId: 'code' }, true)).toEqual({
      clientId: 'code',
      apiBaseUrl: 'https://api.test/',
    });
  });

  it('does not merge parameters of code and settings without `overwrite`', () => {
    const stored = { access_token_params: { foo: 'foo-1', bar: 'bar' } };
    expect(settingsOf({ [KEY]: { dev: stored } }, { accessTokenParams: { foo: 'foo' } }, false)).toEqual({
      accessTokenParams: { foo: 'foo' },
    });
  });

  it('keeps the value of code if the settings contain null, even with `overwrite`', () => {
    const stored = { client_id: null, client_kwargs: { scope: null } };
    const code = { client_id: 'code', client_kwargs: { scope: 'code' } };
    for (const overwrite of [false, true]) {
      expect(settingsOf({ [KEY]: { dev: stored } }, code, overwrite)).toEqual({
        clientId: 'code',
        clientKwargs: { scope: 'code' },
      });
    }
  });

  it('takes a missing client identifier or secret from the environment variables', () => {
    const flat = { DEV_CLIENT_ID: 'flat-id', DEV_CLIENT_SECRET: 'flat-secret' };
    expect(settingsOf(flat, {}, false)).toEqual({ clientId: 'flat-id', clientSecret: 'flat-secret' });
    expect(settingsOf(flat, { client_id: 'code' }, false)).toEqual({ clientId: 'code', clientSecret: 'flat-secret' });
    expect(settingsOf(flat, { client_secret: 'code' }, true)).toEqual({
      clientId: 'flat-id',
      clientSecret: 'flat-secret',
    });
  });

  it('keeps the wire names of parameters', () => {
    const code = { authorize_params: { response_mode: 'form_post', loginHint: 'x', a: null } };
    expect(settingsOf({}, code, false)).toEqual({
      authorizeParams: { response_mode: 'form_post', loginHint: 'x', a: null },
    });
  });

  it('does not change its input', () => {
    const code = { accessTokenParams: { foo: 'foo' } };
    settingsOf({ [KEY]: { dev: { access_token_params: { foo: 'foo-1' } } } }, code, true);
    expect(code).toEqual({ accessTokenParams: { foo: 'foo' } });
  });
});
