import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  Redirect,
  Req,
  Res,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  OAuthBackchannelLogout,
  OAuthCallback,
  OAuthClientModule,
  OAuthConfigError,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthRegistry,
} from 'nestjs-oauth-client';
import type { OAuthRequest, OAuthResponse, RedirectResponse } from 'nestjs-oauth-client/protocol';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser } from '../support/browser.js';
import { serve, type Platform } from '../support/test-app.js';

const CLIENT = {
  clientId: 'dev',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
  endSessionEndpoint: 'https://provider.test/end',
};

/** Configures an application before it starts. */
type SetUp = (app: INestApplication) => unknown;

interface Parts {
  controllers: Type[];
  clients?: string[];
  imports?: Type[];
  providers?: Type[];
  setUp?: SetUp;
  modulePath?: string;
}

let app: INestApplication | undefined;

afterEach(async () => {
  await app?.close().catch(() => undefined);
  app = undefined;
});

async function start(parts: Parts, platform?: Platform): Promise<INestApplication> {
  const { controllers, clients = ['github', 'google'], imports = [], providers = [], setUp, modulePath } = parts;
  @Module({ controllers })
  class AuthModule {}
  @Module({
    imports: [
      OAuthClientModule.forRoot({ clients: Object.fromEntries(clients.map((name) => [name, CLIENT])) }),
      AuthModule,
      ...(modulePath === undefined ? [] : [RouterModule.register([{ path: modulePath, module: AuthModule }])]),
      ...imports,
    ],
    providers,
  })
  class AppModule {}
  ({ app } = await serve(AppModule, { platform, session: {}, prepare: setUp }));
  return app;
}

async function startUpFaults(parts: Parts, platform?: Platform): Promise<readonly string[]> {
  const error: unknown = await start(parts, platform).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OAuthConfigError);
  return (error as OAuthConfigError).faults;
}

describe('the client of a route', () => {
  const decorators: Record<string, (clients: string | string[]) => MethodDecorator> = {
    '@OAuthLogin()': (clients) => OAuthLogin(clients, { redirectUri: '/callback' }),
    '@OAuthCallback()': (clients) => OAuthCallback(clients),
    '@OAuthLogout()': (clients) => OAuthLogout(clients),
    '@OAuthLogoutCallback()': (clients) => OAuthLogoutCallback(clients),
    '@OAuthBackchannelLogout()': (clients) => OAuthBackchannelLogout(clients),
    '@OAuthFrontchannelLogout()': (clients) => OAuthFrontchannelLogout(clients),
  };

  function controllerOf(decorator: MethodDecorator): Type {
    const Decorated = decorator as (target: object, key: string, descriptor: PropertyDescriptor) => void;
    @Controller()
    class AuthController {
      @Get('route/:provider')
      @Post('route/:provider')
      @Decorated
      route(): void {}
    }
    return AuthController;
  }

  const EXPECTED =
    'AuthController.route: its decorator names the client "githb", but no client of that name is configured. Did you mean ' +
    '"github"? Add it to `clients` of OAuthClientModule, or register it in `onModuleInit` at the latest. Configured clients: ' +
    'github, google';

  it.each(Object.entries(decorators))('fails start-up if it is not configured: %s', async (_, decorator) => {
    expect(await startUpFaults({ controllers: [controllerOf(decorator('githb'))] })).toEqual([EXPECTED]);
    await app?.close().catch(() => undefined);
    expect(await startUpFaults({ controllers: [controllerOf(decorator(['google', 'githb']))] })).toEqual([EXPECTED]);
    await app?.close().catch(() => undefined);
    await start({ controllers: [controllerOf(decorator(['github', 'github2', 'registered-later']))] });
  });

  it.each([[null], [5], [['github', 5]], [[['github']]]])(
    'throws TypeError if it is %j instead of a name or a list of names',
    (clients) => {
      for (const decorator of Object.values(decorators)) {
        expect(() => decorator(clients as never)).toThrow(TypeError);
      }
    },
  );

  it('is reported without a suggestion if no other client has a similar name', async () => {
    const [fault] = await startUpFaults({ controllers: [controllerOf(OAuthCallback('zzzzzzzz'))] });
    expect(fault).not.toContain('Did you mean');
  });

  it('is reported with every other fault of the routes', async () => {
    const faults = await startUpFaults({
      controllers: [controllerOf(OAuthCallback('githb')), controllerOf(OAuthLogout('gogle'))],
    });
    expect(faults).toHaveLength(2);
  });

  it.each(Object.entries(decorators))('is accepted if it is registered in onModuleInit: %s', async (_, decorator) => {
    @Injectable()
    class Tenants implements OnModuleInit {
      constructor(private readonly registry: OAuthRegistry) {}

      onModuleInit(): void {
        this.registry.register('tenant', CLIENT);
      }
    }
    await start({ controllers: [controllerOf(decorator(['tenant', 'github']))], providers: [Tenants] });
  });

  it('is accepted if it comes from a feature module', async () => {
    @Module({ imports: [OAuthClientModule.forFeature({ feature: CLIENT })] })
    class FeatureModule {}
    await start({ controllers: [controllerOf(OAuthCallback('feature'))], imports: [FeatureModule] });
  });

  it('is not required at start-up for a route with :provider', async () => {
    @Controller('auth/:provider')
    class AuthController {
      @Get('login')
      @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
      login(): void {}
    }
    const { get, url } = await startAndGet({ controllers: [AuthController], clients: [] });
    expect((await get(`${url}/auth/late/login`)).status).toBe(404);
    app!.get(OAuthRegistry).register('late', CLIENT);
    expect((await get(`${url}/auth/late/login`)).status).toBe(302);
  });
});

it('an unknown option of a decorator fails start-up', async () => {
  @Controller()
  class AuthController {
    @Get('login')
    @OAuthLogin('github', { redirectURI: '/callback' } as object)
    login(): void {}

    @Get('callback')
    @OAuthCallback('github', { parameters: {} } as object)
    callback(): void {}

    @Get('logout')
    @OAuthLogout({ clients: 'github', returnTo: '/' } as object)
    logout(): void {}
  }
  expect(await startUpFaults({ controllers: [AuthController] })).toEqual([
    'AuthController.login: redirectURI: @OAuthLogin() has no such option. Did you mean redirectUri?',
    'AuthController.callback: parameters: @OAuthCallback() has no such option.',
    'AuthController.logout: returnTo: @OAuthLogout() has no such option.',
  ]);
});

async function startAndGet(parts: Parts): Promise<{ url: string; get(url: string): ReturnType<Browser['get']> }> {
  const started = await start(parts);
  return { url: await started.getUrl(), get: (url) => new Browser().get(url, { follow: false }) };
}

@Controller('auth')
class GithubController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get('github/login')
  @OAuthLogin('github', { redirectUri: '/auth/github/callback?from=here' })
  login(): void {}

  @Get('github/callback')
  @OAuthCallback('github')
  callback(): void {}

  @Get('by-hand')
  @Redirect()
  byHand(@Req() request: OAuthRequest, @Res({ passthrough: true }) response: OAuthResponse): Promise<RedirectResponse> {
    return this.registry.get('github').authorizeRedirect(request, response, '/auth/github/callback');
  }
}

@Controller({ path: 'auth/:provider', version: ['1', '2'] })
class VersionedController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(): void {}

  @Get('callback')
  @OAuthCallback()
  callback(): void {}

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  logout(): void {}

  @Get('signed-out')
  @Version('3')
  @OAuthLogoutCallback()
  signedOut(): void {}
}

const API: SetUp = (application) => application.setGlobalPrefix('api');
const VERSIONS: SetUp = (application) => application.enableVersioning({ type: VersioningType.URI });

describe.each(['express', 'fastify'] as const)('on %s, a relative redirect URI', (platform) => {
  const faultsOf = (parts: Parts): Promise<readonly string[]> => startUpFaults(parts, platform);
  const misplaced = (what: string, path: string, right: string): string =>
    `${what} "${path}" is not a route of this application: a global prefix, a version or the path of a module comes before ` +
    `the callback. Write ${right}; or the whole URL, if something else answers there`;

  it('fails start-up if it lacks the global prefix', async () => {
    expect(await faultsOf({ controllers: [GithubController], setUp: API })).toEqual([
      misplaced('GithubController.login: redirectUri', '/auth/github/callback', '"/api/auth/github/callback"'),
    ]);
  });

  it('fails start-up if it lacks the path of RouterModule', async () => {
    const [fault] = await faultsOf({ controllers: [GithubController], setUp: API, modulePath: 'users' });
    expect(fault).toContain('Write "/api/users/auth/github/callback"');
  });

  it('fails start-up if it lacks a version, with an error that names every served path', async () => {
    const setUp: SetUp = (application) => [API, VERSIONS].map((set) => set(application));
    expect(await faultsOf({ controllers: [VersionedController], setUp })).toEqual([
      misplaced(
        'VersionedController.login: redirectUri',
        '/auth/:provider/callback',
        '"/api/v1/auth/:provider/callback" or "/api/v2/auth/:provider/callback"',
      ),
      misplaced(
        'VersionedController.logout: postLogoutRedirectUri',
        '/auth/:provider/signed-out',
        '"/api/v3/auth/:provider/signed-out"',
      ),
    ]);
  });

  it('fails start-up if it lacks the default version', async () => {
    const setUp: SetUp = (application) =>
      application.enableVersioning({ type: VersioningType.URI, defaultVersion: '7', prefix: 'version-' });
    const [fault] = await faultsOf({ controllers: [GithubController], setUp });
    expect(fault).toContain('Write "/version-7/auth/github/callback"');
  });

  it('fails start-up if it lacks the global prefix of a callback without a decorator', async () => {
    const [fault] = await faultsOf({ controllers: [loginWith('/health'), loginlessHealth()], setUp: API });
    expect(fault).toContain('Write "/api/health"');
  });

  it.each<[string, string, Omit<Parts, 'controllers'>, string]>([
    ['the prefix before the path of a module', '/users/auth/github/callback', { setUp: API, modulePath: 'users' }, ''],
    ['the path of a module after the prefix', '/api/auth/github/callback', { setUp: API, modulePath: 'users' }, ''],
    ['the start of a module’s path', '/users/auth/github/callback', { modulePath: 'of/users' }, ''],
    [
      'the version after the prefix',
      '/api/auth/github/callback',
      { setUp: versionsIn('api') },
      '/api/v7/auth/github/callback',
    ],
    [
      'the prefix before the version',
      '/v7/auth/github/callback',
      { setUp: versionsIn('api') },
      '/api/v7/auth/github/callback',
    ],
    ['the right version', '/v8/auth/github/callback', { setUp: versionsIn('') }, '/v7/auth/github/callback'],
    ['the exclusion from the prefix', '/api/auth/github/callback', { setUp: authOutside }, '/auth/github/callback'],
  ])('fails start-up if it lacks %s', async (_, uri, parts, right) => {
    const [fault] = await faultsOf({ controllers: [loginWith(uri)], ...parts });
    const { setUp, modulePath } = parts;
    const served = right || `${setUp ? '/api' : ''}/${modulePath}/auth/github/callback`;
    expect(fault).toContain(`redirectUri "${uri}" is not a route of this application`);
    expect(fault).toContain(`Write "${served}";`);
  });

  it.each<[string, Parts]>([
    [
      'that is a page, with a callback whose path is a parameter',
      { controllers: [callbackByName('/bye')], setUp: API },
    ],
    ['without a prefix', { controllers: [GithubController] }],
    [
      'whose route is excluded from the prefix',
      {
        controllers: [GithubController],
        setUp: (application) => application.setGlobalPrefix('api', { exclude: ['auth/*path'] }),
      },
    ],
    [
      'whose route is version-neutral',
      {
        controllers: [GithubController],
        setUp: (application) =>
          application.enableVersioning({ type: VersioningType.URI, defaultVersion: VERSION_NEUTRAL }),
      },
    ],
    [
      'with a version in a header, which does not change the path',
      {
        controllers: [GithubController],
        setUp: (application) => application.enableVersioning({ type: VersioningType.HEADER, header: 'v' }),
      },
    ],
    ['that has the prefix', { controllers: [loginWith('/api/auth/github/callback')], setUp: API }],
    [
      'of a route without a decorator',
      { controllers: [loginWith('/health'), loginlessHealth()], setUp: healthOutside },
    ],
    ['that another application serves', { controllers: [loginWith('/spa/signed-in')], setUp: API }],
    ['with the path that a proxy removes', { controllers: [loginWith('/shop/auth/github/callback')] }],
    [
      'with the path that a proxy removes, and the prefix',
      { controllers: [loginWith('/shop/api/auth/github/callback')], setUp: API },
    ],
    ['that is an absolute URL', { controllers: [loginWith('https://app.example/auth/github/callback')], setUp: API }],
  ])('is accepted %s', async (_, parts) => {
    await start(parts, platform);
  });

  it('is refused by authorizeRedirect()', async () => {
    const controllers = [GithubController];
    const parts = { controllers, setUp: API, clients: ['github'] };
    // A login route with a decorator would fail start-up, so this application calls authorizeRedirect().
    @Controller('auth')
    class ByHandController {
      constructor(private readonly registry: OAuthRegistry) {}

      @Get('github/callback')
      @OAuthCallback('github')
      callback(): void {}

      @Get('by-hand')
      @Redirect()
      byHand(
        @Req() request: OAuthRequest,
        @Res({ passthrough: true }) response: OAuthResponse,
      ): Promise<RedirectResponse> {
        return this.registry.get('github').authorizeRedirect(request, response, '/auth/github/callback');
      }
    }
    const { get, url } = await startAndGet({ ...parts, controllers: [ByHandController] });
    const page = await get(`${url}/api/auth/by-hand`);
    expect([page.status, page.text]).toEqual([500, expect.stringContaining('invalid_redirect_uri')]);
  });
});

function loginWith(redirectUri: string): Type {
  @Controller('auth')
  class AuthController {
    @Get('login')
    @OAuthLogin('github', { redirectUri })
    login(): void {}

    @Get('github/callback')
    @OAuthCallback('github')
    callback(): void {}
  }
  return AuthController;
}

function callbackByName(postLogoutRedirectUri: string): Type {
  @Controller('auth')
  class AuthController {
    @Get(':provider')
    @OAuthCallback()
    callback(): void {}

    @Get('logout/:provider')
    @OAuthLogout({ postLogoutRedirectUri })
    logout(): void {}
  }
  return AuthController;
}

function versionsIn(prefix: string): SetUp {
  return (application) =>
    application.setGlobalPrefix(prefix).enableVersioning({ type: VersioningType.URI, defaultVersion: '7' });
}

function authOutside(application: INestApplication): void {
  application.setGlobalPrefix('api', { exclude: ['auth/*path'] });
}

function loginlessHealth(): Type {
  @Controller()
  class HealthController {
    @Get('health')
    health(): void {}
  }
  return HealthController;
}

function healthOutside(application: INestApplication): void {
  application.setGlobalPrefix('api', { exclude: ['health'] });
}

describe('a callback', () => {
  let provider: ScriptedProvider;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  });

  afterEach(() => provider.close());

  /** Registers the client of the request's tenant, as an application with many tenants does. */
  @Injectable()
  class TenantGuard implements CanActivate {
    constructor(private readonly registry: OAuthRegistry) {}

    canActivate(context: ExecutionContext): boolean {
      const { params, query } = context.switchToHttp().getRequest<{
        params: { provider: string };
        query: { at?: string; refuse?: string };
      }>();
      if (query.refuse !== undefined) return false;
      const settings = clientOf(provider, { clientId: 'tenant' });
      this.registry.register(params.provider, settings, { replace: true });
      return true;
    }
  }

  @Controller('above/:provider')
  class AboveController {
    @UseGuards(TenantGuard)
    @Get('login')
    @OAuthLogin()
    login(): void {}

    @UseGuards(TenantGuard)
    @OAuthCallback()
    @Get('callback')
    callback(): string {
      return 'signed in';
    }
  }

  @Controller('below/:provider')
  class BelowController {
    @Get('login')
    @OAuthLogin()
    @UseGuards(TenantGuard)
    login(): void {}

    @OAuthCallback()
    @UseGuards(TenantGuard)
    @Get('callback')
    callback(): string {
      return 'signed in';
    }
  }

  it.each(['above', 'below'])('runs after a guard %s its decorator', async (where) => {
    const parts = { controllers: [AboveController, BelowController], clients: [] };
    const started = await start(parts);
    const url = await started.getUrl();
    const browser = new Browser();
    const begun = await browser.get(`${url}/${where}/acme/login`, { follow: false });
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state');
    started.get(OAuthRegistry).unregister('acme'); // as if another process received the callback
    const callback = `${url}/${where}/acme/callback?code=c&state=${state}`;
    const refused = await browser.get(`${callback}&refuse`);
    expect([refused.status, provider.requests.length]).toEqual([403, 0]); // neither the state nor the code was used
    const page = await browser.get(callback);
    expect([page.status, page.text]).toEqual([200, 'signed in']);
  });
});
