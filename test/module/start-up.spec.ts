import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { execFile } from 'node:child_process';
import {
  OAuthClientModule,
  OAuthConfigError,
  OAuthRegistry,
  type OAuth2App,
  type OAuthClientModuleOptions,
} from 'nestjs-oauth-client';
import { compileProgram } from '../support/compile.js';

const CLIENT = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
  apiBaseUrl: 'https://provider.test/api/',
};

let app: INestApplicationContext | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(module: Type | ReturnType<typeof OAuthClientModule.forRoot>): Promise<INestApplicationContext> {
  @Module({ imports: [module] })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  return app;
}

async function faultsOf(module: ReturnType<typeof OAuthClientModule.forRoot>): Promise<readonly string[]> {
  const error: unknown = await start(module).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OAuthConfigError);
  return (error as OAuthConfigError).faults;
}

describe('the options of the module', () => {
  const wrong: [option: string, fault: string][] = [
    ['baseURL', 'baseURL: OAuthClientModule has no such option. Did you mean baseUrl?'],
    ['base_url', 'base_url: OAuthClientModule has no such option. Did you mean baseUrl?'],
    [
      'blockPrivateNetwork',
      'blockPrivateNetwork: OAuthClientModule has no such option. Did you mean blockPrivateNetworks?',
    ],
    ['something', 'something: OAuthClientModule has no such option.'],
  ];

  it.each(wrong)('are refused with the unknown option %s', async (option, fault) => {
    const options = { [option]: true } as OAuthClientModuleOptions;
    expect(await faultsOf(OAuthClientModule.forRoot(options))).toEqual([fault]);
    expect(await faultsOf(OAuthClientModule.forRootAsync({ useFactory: async () => options }))).toEqual([fault]);
  });

  it.each([
    ['useFactoy', 'useFactoy: OAuthClientModule.forRootAsync() has no such option. Did you mean useFactory?'],
    ['isGlobl', 'isGlobl: OAuthClientModule.forRootAsync() has no such option. Did you mean isGlobal?'],
    ['clients', 'clients: expected in what useFactory, useClass or useExisting returns, not beside it'],
    ['exposeErrors', 'exposeErrors: expected in what useFactory, useClass or useExisting returns, not beside it'],
  ])('are refused when forRootAsync() itself has %s', (option, fault) => {
    const options = { useFactory: () => ({}), [option]: {} };
    expect(() => OAuthClientModule.forRootAsync(options)).toThrow(new OAuthConfigError([fault]));
  });

  it.each([[undefined], [null], [5], ['x'], [[]]])(
    'of forRoot() and forFeature() are refused if they are %j',
    (value) => {
      expect(() => OAuthClientModule.forRootAsync(value as never)).toThrow(OAuthConfigError);
      expect(() => OAuthClientModule.forFeature(value as never)).toThrow(OAuthConfigError);
    },
  );

  it('are refused with an isGlobal that a factory returns', async () => {
    const useFactory = (): OAuthClientModuleOptions => ({ isGlobal: true }) as OAuthClientModuleOptions;
    expect(await faultsOf(OAuthClientModule.forRootAsync({ useFactory }))).toEqual([
      'isGlobal: expected beside useFactory, useClass or useExisting, not in what it returns',
    ]);
  });

  it.each([[undefined], [null], [5]])('are refused if a factory returns %j', async (value) => {
    const useFactory = (): OAuthClientModuleOptions => value as never;
    expect(await faultsOf(OAuthClientModule.forRootAsync({ useFactory }))).toEqual([
      'the options of OAuthClientModule: expected an object. Return one from `useFactory`',
    ]);
  });

  it.each([
    'https://app.example/shop',
    'https://app.example/shop/',
    'https://app.example/?a=b',
    'https://app.example/#a',
  ])('are refused with the baseUrl %s, because a part of it would be ignored', async (baseUrl) => {
    expect(await faultsOf(OAuthClientModule.forRoot({ baseUrl }))).toEqual([
      'baseUrl: expected an http or https URL without a path; put the path into the redirect URIs',
    ]);
  });
});

describe('an API call with { user }', () => {
  it.each<[string, OAuthClientModuleOptions, string]>([
    ['a SimpleTokenStore', { tokenStore: { fetchToken: () => undefined } }, 'is a SimpleTokenStore (fetchToken)'],
    ['no tokenStore', {}, 'is missing'],
  ])('throws an error that a TokenStore is needed if there is %s', async (_, options, why) => {
    const context = await start(OAuthClientModule.forRoot({ ...options, clients: { dev: CLIENT } }));
    const error: unknown = await context
      .get(OAuthRegistry)
      .get<OAuth2App>('dev')
      .get('me', { user: 7 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect((error as OAuthConfigError).message).toContain('a call with `{ user }` needs a TokenStore');
    expect((error as OAuthConfigError).message).toContain(why);
  });
});

describe('forFeature() of a lazily loaded module', () => {
  @Injectable()
  class LazyService {
    constructor(readonly registry: OAuthRegistry) {}
  }
  @Module({ imports: [OAuthClientModule.forFeature({ lazy: CLIENT })], providers: [LazyService] })
  class LazyModule {}

  it.each([true, false])('registers its clients once (isGlobal: %j)', async (isGlobal) => {
    const context = await start(OAuthClientModule.forRoot({ isGlobal, clients: { dev: CLIENT } }));
    const registry = context.get(OAuthRegistry);
    expect(registry.names).toEqual(['dev']);
    const loader = context.get(LazyModuleLoader);
    @Module({ imports: [OAuthClientModule.forFeature({ lazy: CLIENT })] })
    class LazyClientsModule {}
    const module = isGlobal ? LazyModule : LazyClientsModule;
    for (const times of [1, 2]) {
      await loader.load(() => module);
      expect([times, registry.names]).toEqual([times, ['dev', 'lazy']]);
    }
    const { url } = await registry.get('lazy').createAuthorizationUrl();
    expect(url).toContain('https://provider.test/authorize');
  });

  it('refuses invalid clients and duplicate names', async () => {
    const context = await start(OAuthClientModule.forRoot({ clients: { dev: CLIENT } }));
    @Module({ imports: [OAuthClientModule.forFeature({ dev: CLIENT, bad: { ...CLIENT, authorizeUrl: 'x' } })] })
    class BadModule {}
    const error: unknown = await context
      .get(LazyModuleLoader)
      .load(() => BadModule)
      .catch((reason: unknown) => reason);
    expect((error as OAuthConfigError).faults).toEqual(
      expect.arrayContaining(['dev: registered twice', 'bad.authorize_url: expected an absolute http or https URL']),
    );
    expect(context.get(OAuthRegistry).names).toEqual(['dev']);
  });
});

describe('an OAuthConfigError at start-up', () => {
  let program: string;

  beforeAll(() => {
    program = compileProgram('test/module/start-up.app.mjs');
  });

  it.each([
    ['Nest, which ends the process', 'abort', 1],
    ['Nest, and by Node for an error that nobody catches', 'throw', 2],
  ])('is printed once by %s, with at most a few other lines', async (_, how, times) => {
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [program, how], { env: { ...process.env, NO_COLOR: '1' } }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
    expect(output.match(/unknown key; did you mean client_id\?/g)).toHaveLength(times);
    expect(output.match(/other\.authorize_url: expected an absolute/g)).toHaveLength(times);
    expect(output).not.toMatch(/faults: \[|\[Object|response:|status: 500/);
    const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.includes(' LOG '));
    expect(lines.length).toBeLessThan(40);
  });
});
