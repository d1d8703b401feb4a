import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  DefaultValuePipe,
  Get,
  Param,
  Query,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { OAuthLogin, type OAuthLoginParams } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { Browser, type Page } from '../support/browser.js';
import { testApp, type Platform, type TestApp } from '../support/test-app.js';

const PROVIDER = 'https://provider.test';

/** A decorator that wraps the method, as those for transactions and retries do. */
function Twice(): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as (...args: unknown[]) => unknown;
    const twice = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      await handler.apply(this, args);
      return handler.apply(this, args);
    };
    for (const key of Reflect.getMetadataKeys(handler) as string[]) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), twice);
    }
    descriptor.value = twice;
  };
}

class Base {
  calls = 0;

  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  login(..._: unknown[]): OAuthLoginParams {
    return { prompt: 'login' };
  }
}

@Controller('auth')
class HandlersController extends Base {
  @Get('wrapped')
  @Twice()
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  @Twice()
  wrapped(@Query('hint') loginHint: string): OAuthLoginParams {
    this.calls += 1;
    return { loginHint };
  }

  @Get('default')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  withDefault(@Query('hint', new DefaultValuePipe('ada')) loginHint = 'nobody', ...more: unknown[]): OAuthLoginParams {
    return { loginHint, display: String(more.length) };
  }

  /** Overrides a handler, and has another parameter in the same place. */
  @Get('login/:hint')
  @OAuthLogin('dev', { redirectUri: '/auth/dev/callback' })
  override login(@Param('hint') loginHint: string): OAuthLoginParams {
    return { ...super.login(), loginHint };
  }
}

/** A pipe of the application, for every parameter that has a pipe. */
class SeenPipe implements PipeTransform {
  readonly seen: unknown[] = [];

  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    this.seen.push(type);
    return value;
  }
}

it('a login on Express works with middleware that replaces setHeader()', async () => {
  const app = await testApp({
    clients: { dev: clientOf({ url: PROVIDER }) },
    controllers: [HandlersController],
    prepare: (nest) =>
      nest.use((_request: unknown, response: ServerResponse, next: () => void) => {
        const setHeader = response.setHeader.bind(response);
        response.setHeader = (name: string, value: string) => void setHeader(name, value) as never;
        next();
      }),
  });
  const page = await new Browser().get(`${app.url}/auth/default`, { follow: false });
  expect([page.status, page.headers.get('location')]).toEqual([302, expect.stringContaining(`${PROVIDER}/authorize?`)]);
  await app.close();
});

describe.each<Platform>(['express', 'fastify'])('the handler of a login on %s', (platform) => {
  let app: TestApp;
  const pipe = new SeenPipe();

  afterEach(() => app.close());

  async function get(path: string): Promise<Page> {
    app = await testApp({
      platform,
      clients: { dev: clientOf({ url: PROVIDER }) },
      controllers: [HandlersController],
      prepare: (nest) => nest.useGlobalPipes(pipe),
    });
    return new Browser().get(`${app.url}/auth/${path}`, { follow: false });
  }

  async function sent(path: string): Promise<URLSearchParams> {
    const page = await get(path);
    expect({ status: page.status, text: page.text }).toEqual({ status: 302, text: '' });
    return new URL(page.headers.get('location') ?? '').searchParams;
  }

  it('is called by decorators above and below that wrap it', async () => {
    expect((await sent('wrapped?hint=ada')).get('login_hint')).toBe('ada');
    expect(app.app.get(HandlersController).calls).toBe(4);
  });

  it('receives its own parameters only', async () => {
    const parameters = await sent('default');
    expect([parameters.get('login_hint'), parameters.get('display')]).toEqual(['ada', '0']);
  });

  it('may be overridden with other parameters, and called with super', async () => {
    const parameters = await sent('login/ada');
    expect([parameters.get('login_hint'), parameters.get('prompt')]).toEqual(['ada', 'login']);
  });

  it('shows the request to no pipe of the application', async () => {
    pipe.seen.length = 0;
    await sent('wrapped?hint=ada');
    expect(pipe.seen).toEqual(['query']);
  });

  it('returns its own result if the application calls it', async () => {
    await get('nowhere');
    const controller = app.app.get(HandlersController);
    expect(controller.withDefault('ada')).toEqual({ loginHint: 'ada', display: '0' });
    expect(controller.withDefault('ada', 'more', 'arguments')).toEqual({ loginHint: 'ada', display: '2' });
  });
});
