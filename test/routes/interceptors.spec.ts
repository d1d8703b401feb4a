import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Module,
  ParseIntPipe,
  Query,
  Redirect,
  Req,
  RequestTimeoutException,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  OAuthCallback,
  OAuthClientModule,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  OAuthReturnTo,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import type { OAuthRequest } from 'nestjs-oauth-client/protocol';
import { map, of, tap, throwError, timeout, type Observable } from 'rxjs';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { serve } from '../support/test-app.js';

/** Wraps every response, as many applications do. The wrapper has keys that `@Redirect()` reads, too. */
class WrapInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    return next.handle().pipe(map((data: unknown) => ({ statusCode: 200, url, data })));
  }
}

/** Caches responses by URL as `CacheInterceptor` of @nestjs/cache-manager does: by reference, or as JSON. */
class CachingInterceptor implements NestInterceptor {
  readonly kept = new Map<string, unknown>();

  constructor(private readonly asJson: boolean) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    if (this.kept.has(url)) return of(this.kept.get(url));
    const copy = (value: unknown): unknown =>
      this.asJson ? (JSON.parse(JSON.stringify(value ?? null)) as unknown) : value;
    return next.handle().pipe(tap((value) => this.kept.set(url, copy(value))));
  }
}

class LoggingInterceptor implements NestInterceptor {
  readonly lines: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    return next.handle().pipe(
      tap((value) => {
        this.lines.push(`${http.getRequest<{ url: string }>().url} ${JSON.stringify(value)}`);
        http.getResponse<{ header(name: string, value: string): void }>().header('x-logged', 'yes');
      }),
    );
  }
}

class TimeoutInterceptor implements NestInterceptor {
  constructor(private readonly milliseconds: number) {}

  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    const late = (): Observable<never> => throwError(() => new RequestTimeoutException('too slow'));
    return next.handle().pipe(timeout({ each: this.milliseconds, with: late }));
  }
}

const WRAPPED = { wrap: () => new WrapInterceptor() };
const CACHED = { cache: () => new CachingInterceptor(false) };
const CACHED_JSON = { 'cache as JSON': () => new CachingInterceptor(true) };
const LOGGED = { log: () => new LoggingInterceptor() };

const TIMED = { 'time out': () => new TimeoutInterceptor(10_000) };

const SETS: Record<string, () => NestInterceptor>[] = [
  WRAPPED,
  CACHED,
  LOGGED,
  TIMED,
  { ...CACHED, ...WRAPPED },
  { ...CACHED_JSON, ...WRAPPED, ...LOGGED },
  { ...LOGGED, ...WRAPPED, ...CACHED },
  { ...WRAPPED, ...CACHED, ...LOGGED, ...TIMED },
  { ...TIMED, ...LOGGED, ...CACHED_JSON, ...WRAPPED },
];

@Injectable()
class DoublePipe implements PipeTransform {
  transform(value: number): number {
    return value * 2;
  }
}

@Controller('auth/:provider')
class AuthController {
  ended = 0;

  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  async login(@Query('next') next?: string): Promise<OAuthLoginParams> {
    return Promise.resolve({ returnTo: next });
  }

  @Get('observed')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  observed(@Query('age', ParseIntPipe, DoublePipe) maxAge: number): Observable<OAuthLoginParams> {
    return of({ maxAge });
  }

  @Get('refused')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  refused(): never {
    throw new ForbiddenException('not today');
  }

  @Get('slow')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  async slow(): Promise<void> {
    await sleep(100);
  }

  @Get('callback')
  @OAuthCallback()
  @Redirect('/home', 303)
  callback(@OAuthReturnTo() returnTo: string): { url?: string } {
    return returnTo === '/' ? {} : { url: returnTo };
  }

  @Get('logout')
  @OAuthLogout({ postLogoutRedirectUri: '/auth/:provider/signed-out' })
  logout(): { idTokenHint: string } {
    this.ended++;
    return { idTokenHint: 'h1nt' };
  }

  @Get('signed-out')
  @OAuthLogoutCallback()
  @Redirect()
  signedOut(@OAuthReturnTo() returnTo: string): { url: string } {
    return { url: `${returnTo}?signed-out` };
  }

  @Get('signed-out-too')
  @Redirect('/bye')
  @OAuthLogoutCallback()
  signedOutToo(): void {}

  @Get('frame')
  @OAuthFrontchannelLogout()
  frame(): string {
    return 'ended';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Visit {
  constructor(@Inject(REQUEST) readonly request: { url: string }) {}
}

/** A request-scoped controller. */
@Controller('scoped')
class ScopedController {
  constructor(private readonly visit: Visit) {}

  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  login(): OAuthLoginParams {
    return { returnTo: this.visit.request.url };
  }
}

class BaseController {
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  login(@Query('prompt') prompt?: string): OAuthLoginParams {
    return { prompt };
  }
}

@Controller('inherited')
class InheritingController extends BaseController {}

@Controller('overridden')
class OverridingController extends BaseController {
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  override login(@Query('prompt') prompt?: string): OAuthLoginParams {
    return { ...super.login(prompt), display: 'page' };
  }
}

class RefusingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return !context.switchToHttp().getRequest<{ url: string }>().url.includes('blocked');
  }
}

class EveryFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(418).send({ filtered: error.message });
  }
}
Catch()(EveryFilter);

class UpperPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

/** A method and its class with every kind of enhancer in Nest. */
@Controller('decorated')
@UseInterceptors(WrapInterceptor)
class DecoratedController {
  @UseFilters(EveryFilter)
  @UseInterceptors(WrapInterceptor)
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  @UsePipes(UpperPipe)
  @UseGuards(RefusingGuard)
  login(@Query('prompt') prompt: string, @Req() request: OAuthRequest): OAuthLoginParams {
    if (prompt === 'FAIL') throw new Error('failed');
    return { prompt, display: request.method };
  }
}

interface Site {
  app: INestApplication;
  url: string;
}

describe.each(['express', 'fastify'] as const)('a route on %s with interceptors of the application', (platform) => {
  let provider: ScriptedProvider;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  });

  afterEach(async () => {
    await app?.close();
    await provider.close();
  });

  async function start(...interceptors: NestInterceptor[]): Promise<Site> {
    const served = await serve(appModule(provider.url), {
      platform,
      session: {},
      prepare: (nest) => nest.useGlobalInterceptors(...interceptors),
    });
    ({ app } = served);
    return served;
  }

  const get = (url: string, browser = new Browser()): Promise<Page> => browser.get(url, { follow: false });

  /** Returns the target of a response, which must be a redirect. */
  function target(page: Page): URL {
    expect({ status: page.status, text: page.text }).toMatchObject({ status: 302 });
    return new URL(page.headers.get('location') ?? '');
  }

  it.each(SETS.map((set) => [Object.keys(set).join(' + '), set] as const))(
    'redirects every visitor to the provider with a different state: %s',
    async (_, set) => {
      const { url } = await start(...Object.values(set).map((make) => make()));
      const visitors = [new Browser(), new Browser(), new Browser()];
      const states: string[] = [];
      for (const visitor of visitors) {
        const { origin, pathname, searchParams } = target(await get(`${url}/auth/dev/login?next=/account`, visitor));
        expect(`${origin}${pathname}`).toBe(`${provider.url}/authorize`);
        expect(searchParams.get('redirect_uri')).toBe(`${url}/auth/dev/callback`);
        states.push(searchParams.get('state') ?? '');
      }
      expect(new Set(states).size).toBe(3);
      for (const [index, visitor] of visitors.entries()) {
        const page = await get(`${url}/auth/dev/callback?code=c&state=${states[index]}`, visitor);
        expect([page.status, page.headers.get('location')]).toEqual([303, '/account']);
      }
    },
  );

  it.each(SETS.map((set) => [Object.keys(set).join(' + '), set] as const))(
    'ends the session of every visitor, and redirects to the provider: %s',
    async (_, set) => {
      const { url, app } = await start(...Object.values(set).map((make) => make()));
      const states: string[] = [];
      for (const visitor of [new Browser(), new Browser()]) {
        const { pathname, searchParams } = target(await get(`${url}/auth/dev/logout`, visitor));
        expect([pathname, searchParams.get('id_token_hint')]).toEqual(['/end', 'h1nt']);
        states.push(searchParams.get('state') ?? '');
        const back = await get(`${url}/auth/dev/signed-out?state=${states.at(-1)}`, visitor);
        expect([back.status, back.headers.get('location')]).toEqual([302, '/?signed-out']);
      }
      expect(new Set(states).size).toBe(2);
      expect(app.get(AuthController).ended).toBe(2);
    },
  );

  it('redirects to the URL of @Redirect() if a callback returns none', async () => {
    const { url } = await start(new WrapInterceptor());
    const visitor = new Browser();
    const state = target(await get(`${url}/auth/dev/login`, visitor)).searchParams.get('state') ?? '';
    const page = await get(`${url}/auth/dev/callback?code=c&state=${state}`, visitor);
    expect([page.status, page.headers.get('location')]).toEqual([303, '/home']);
  });

  it('hides the login from interceptors, and lets them set headers after the handler', async () => {
    const log = new LoggingInterceptor();
    const { url } = await start(log);
    const page = await get(`${url}/auth/dev/logout`);
    target(page);
    expect(page.headers.get('x-logged')).toBe('yes');
    expect(log.lines).toEqual(['/auth/dev/logout {"answeredBy":"nestjs-oauth-client"}']);
  });

  it('runs the pipes of a handler and accepts an observable, even with a cached response', async () => {
    const { url } = await start(new CachingInterceptor(true));
    for (const visitor of [new Browser(), new Browser()]) {
      const { searchParams } = target(await get(`${url}/auth/dev/observed?age=30`, visitor));
      expect(searchParams.get('max_age')).toBe('60');
    }
    expect((await get(`${url}/auth/dev/observed?age=old`)).status).toBe(400);
  });

  it('calls a request-scoped controller with the request, even with a cached response', async () => {
    const { url } = await start(new CachingInterceptor(false));
    const states = new Set<string | null>();
    for (const visitor of [new Browser(), new Browser()]) {
      const { searchParams } = target(await get(`${url}/scoped/login?x=1`, visitor));
      states.add(searchParams.get('state'));
      const page = await get(`${url}/auth/dev/callback?code=c&state=${searchParams.get('state')}`, visitor);
      expect(page.headers.get('location')).toBe('/scoped/login?x=1');
    }
    expect(states.size).toBe(2);
  });

  it('works for handlers that a class inherits, or overrides and calls', async () => {
    const { url } = await start(new WrapInterceptor());
    expect(target(await get(`${url}/inherited/login?prompt=login`)).searchParams.get('prompt')).toBe('login');
    const { searchParams } = target(await get(`${url}/overridden/login?prompt=login`));
    expect([searchParams.get('prompt'), searchParams.get('display')]).toEqual(['login', 'page']);
  });

  it('runs the guards, pipes, interceptors and filters of the method and its class', async () => {
    const { url } = await start();
    const { searchParams } = target(await get(`${url}/decorated/login?prompt=login`));
    expect([searchParams.get('prompt'), searchParams.get('display')]).toEqual(['LOGIN', 'GET']);
    const blocked = await get(`${url}/decorated/login?prompt=blocked`);
    expect([blocked.status, blocked.json()]).toEqual([418, { filtered: 'Forbidden resource' }]);
    const failed = await get(`${url}/decorated/login?prompt=fail`);
    expect([failed.status, failed.json()]).toEqual([418, { filtered: 'failed' }]);
  });

  it('responds with the error of a handler that throws', async () => {
    const { url } = await start(new CachingInterceptor(true), new WrapInterceptor());
    for (const visitor of [new Browser(), new Browser()]) {
      const page = await get(`${url}/auth/dev/refused`, visitor);
      expect([page.status, page.json()]).toMatchObject([403, { message: 'not today' }]);
    }
  });

  it('responds with the error of an interceptor that times out, and does not redirect later', async () => {
    const { url } = await start(new TimeoutInterceptor(20));
    const page = await get(`${url}/auth/dev/slow`);
    expect([page.status, page.headers.get('location'), page.json()]).toMatchObject([
      408,
      null,
      { message: 'too slow' },
    ]);
    await sleep(200);
    target(await get(`${url}/auth/dev/login`));
  });

  it('redirects to the URL of a @Redirect() above the decorator of this library', async () => {
    const { url } = await start(new WrapInterceptor());
    const visitor = new Browser();
    const state = target(await get(`${url}/auth/dev/logout`, visitor)).searchParams.get('state') ?? '';
    const page = await get(`${url}/auth/dev/signed-out-too?state=${state}`, visitor);
    expect([page.status, page.headers.get('location')]).toEqual([302, '/bye']);
  });

  it('responds with 404 for an unknown provider to every visitor', async () => {
    const { url } = await start(new CachingInterceptor(true), new WrapInterceptor());
    for (const visitor of [new Browser(), new Browser()])
      expect((await get(`${url}/auth/nobody/login`, visitor)).status).toBe(404);
  });

  it('responds with the error of an interceptor that fails after the handler', async () => {
    const failing: NestInterceptor = {
      intercept: (_, next) =>
        next.handle().pipe(
          map(() => {
            throw new ForbiddenException('not committed');
          }),
        ),
    };
    const { url } = await start(failing);
    const page = await get(`${url}/auth/dev/login`);
    expect([page.status, page.headers.get('location')]).toEqual([403, null]);
  });

  it.each([
    [{ closed: true }, 200, null],
    [{ url: '/closed', statusCode: 307 }, 307, '/closed'],
    [undefined, 200, null],
  ])('lets an interceptor respond with %j instead of the handler', async (answer, status, location) => {
    const { url } = await start({ intercept: () => of(answer) });
    const page = await get(`${url}/auth/dev/login`);
    expect([page.status, page.headers.get('location')]).toEqual([status, location]);
    if (answer && location === null) expect(page.json()).toEqual(answer);
  });
});

function appModule(providerUrl: string): Type<unknown> {
  const dev = clientOf({ url: providerUrl }, { endSessionEndpoint: `${providerUrl}/end` });
  @Module({
    imports: [OAuthClientModule.forRoot({ clients: { dev } })],
    controllers: [AuthController, ScopedController, InheritingController, OverridingController, DecoratedController],
    providers: [Visit],
  })
  class AppModule {}
  return AppModule;
}
