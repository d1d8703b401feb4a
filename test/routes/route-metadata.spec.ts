import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  HttpException,
  HttpStatus,
  Injectable,
  Query,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { ApiOperation, ApiResponse, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { OAuthCallback, OAuthLogin, OAuthLogout, type OAuthLoginParams } from 'nestjs-oauth-client';
import { Browser } from '../support/browser.js';
import { clientOf } from '../providers/client-of.js';
import { testApp, type TestApp } from '../support/test-app.js';

const PROVIDER = 'https://provider.test';
const Roles = Reflector.createDecorator<string[]>();
const Audience = (name: string): MethodDecorator => SetMetadata('audience', name);

/** Accepts a request that has the handler's role and audience. */
@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    const roles = this.reflector.getAllAndOverride(Roles, [context.getHandler(), context.getClass()]);
    const audience = this.reflector.get<string>('audience', context.getHandler());
    return roles.includes(headers['x-role'] ?? '') && headers['x-audience'] === audience;
  }
}

/** Works as `@nestjs/throttler`, which Jest cannot load with Nest 12 because it is CommonJS. */
const Throttle = (limit: number): MethodDecorator => SetMetadata('THROTTLER:LIMITdefault', limit);

@Injectable()
class ThrottlerGuard implements CanActivate {
  readonly #hits = new Map<string, number>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const limit = this.reflector.getAllAndOverride<number>('THROTTLER:LIMITdefault', [handler, controller]);
    const key = `${controller.name}-${handler.name}`;
    this.#hits.set(key, (this.#hits.get(key) ?? 0) + 1);
    if ((this.#hits.get(key) ?? 0) <= limit) return true;
    throw new HttpException('Too Many Requests', HttpStatus.TOO_MANY_REQUESTS);
  }
}

/** Each handler has decorators above and below the decorator of this library. */
@Controller('auth')
class AuthController {
  @Roles(['member'])
  @ApiOperation({ summary: 'Begins a login' })
  @Throttle(1)
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/callback' })
  @Audience('web')
  @ApiResponse({ status: 302, description: 'To the provider' })
  login(@Query('next') next?: string): OAuthLoginParams {
    return { returnTo: next };
  }

  @Audience('web')
  @ApiResponse({ status: 302, description: 'To the provider' })
  @OAuthLogout('dev')
  @Get('logout')
  @Throttle(1)
  @ApiOperation({ summary: 'Begins a logout' })
  @Roles(['member'])
  logout(@Query('hint') idTokenHint?: string): { idTokenHint?: string } {
    return { idTokenHint };
  }

  @Roles(['member'])
  @Throttle(1)
  @OAuthCallback('dev')
  @Audience('web')
  @ApiOperation({ summary: 'Ends a login' })
  @ApiResponse({ status: 302, description: 'Home' })
  @Get('callback')
  callback(@Query('code') code?: string): string {
    return code ?? '';
  }
}

describe.each(['express', 'fastify'] as const)(
  'on %s, metadata of decorators above or below the decorator of this library',
  (platform) => {
    let app: TestApp;

    beforeEach(async () => {
      app = await testApp({
        platform,
        clients: { dev: clientOf({ url: PROVIDER }, { endSessionEndpoint: `${PROVIDER}/end` }) },
        state: 'cookie',
        encryptionKeys: Buffer.alloc(32, 1).toString('base64'),
        controllers: [AuthController],
        providers: [
          { provide: APP_GUARD, useClass: RolesGuard },
          { provide: APP_GUARD, useClass: ThrottlerGuard },
        ],
      });
    });

    afterEach(() => app.close());

    const MEMBER = { 'x-role': 'member', 'x-audience': 'web' };

    async function statusOf(path: string, headers: Record<string, string>): Promise<number> {
      return (await new Browser().get(`${app.url}${path}`, { follow: false, headers })).status;
    }

    it.each([
      ['login', 302],
      ['logout', 302],
      ['callback?error=access_denied&state=s', 400],
    ])('is read by a guard for roles: %s', async (path, accepted) => {
      expect(await statusOf(`/auth/${path}`, { ...MEMBER, 'x-role': 'guest' })).toBe(403);
      expect(await statusOf(`/auth/${path}`, { ...MEMBER, 'x-audience': 'tv' })).toBe(403);
      expect(await statusOf(`/auth/${path}`, MEMBER)).toBe(accepted);
    });

    it.each(['login', 'logout', 'callback'])('is read by a throttler: %s', async (path) => {
      expect(await statusOf(`/auth/${path}`, MEMBER)).not.toBe(429);
      expect(await statusOf(`/auth/${path}`, MEMBER)).toBe(429);
    });

    it.each([
      ['login', 'Begins a login', ['next']],
      ['logout', 'Begins a logout', ['hint']],
      ['callback', 'Ends a login', ['code']],
    ])('is read by @nestjs/swagger: %s', (path, summary, parameters) => {
      const document: OpenAPIObject = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
      const operation = document.paths[`/auth/${path}`]?.get;
      expect(operation).toMatchObject({ summary, responses: { 302: {} } });
      const names = operation?.parameters?.map((parameter) => 'name' in parameter && parameter.name);
      expect(names).toEqual(parameters);
    });
  },
);
