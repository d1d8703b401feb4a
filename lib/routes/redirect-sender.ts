import { Injectable, type ExecutionContext, type OnModuleInit } from '@nestjs/common';
import {
  ContextIdFactory,
  ExternalContextCreator,
  HttpAdapterHost,
  MetadataScanner,
  ModuleRef,
  ModulesContainer,
  type ContextId,
} from '@nestjs/core';
import { RouteParamsFactory } from '@nestjs/core/router/route-params-factory.js';
import type { ServerResponse } from 'node:http';
import { isRecord } from '../config/is-record.js';
import type { RedirectResponse } from '../remote-app/login.js';
import { isPlaceholder, pendingRedirectOf, ROUTE_ARGUMENTS, type PendingRedirect } from './handler-redirect.js';

/** The view of routes that redirect: `@Render(REDIRECT_VIEW)`. `RedirectSender` handles it instead of a view engine. */
export const REDIRECT_VIEW = 'nestjs-oauth-client:redirect';

type ParamType = Parameters<RouteParamsFactory['exchangeKeyForValue']>[0];

/** A controller's instance for one request, with its module and context id. */
interface Host {
  instance: object;
  moduleKey: string;
  contextId?: ContextId;
}

/**
 * Sends the redirects of routes after all interceptors of the application, so that an interceptor cannot change them. Nest
 * calls `render()` of the HTTP adapter after the guards, interceptors and the handler; this class handles `REDIRECT_VIEW`.
 */
@Injectable()
export class RedirectSender implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly contexts: ExternalContextCreator,
  ) {}

  onModuleInit(): void {
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (!adapter) return; // an application without an HTTP server
    const render = adapter.render.bind(adapter) as (response: object, view: string, answer: unknown) => unknown;
    adapter.render = (response: object, view: string, answer: unknown) => {
      const redirect = view === REDIRECT_VIEW ? pendingRedirectOf(response) : undefined;
      return redirect ? this.#send(redirect, response, answer) : render(response, view, answer);
    };
  }

  /** @param answer the value that the interceptors returned, possibly without calling the handler */
  async #send(redirect: PendingRedirect, response: object, answer: unknown): Promise<void> {
    // A cache returned the placeholder of another request, so the handler did not run. Every login needs a new redirect.
    if (!redirect.made && isPlaceholder(answer)) await this.#handle(redirect.context);
    const { httpAdapter } = this.adapterHost;
    const { url, statusCode = 302 } = redirect.made ?? redirectIn(answer);
    if (url === undefined) await httpAdapter.reply(response, answer);
    else if (isNodeResponse(response) && IS_HEADER.test(url)) redirectWithoutBody(response, statusCode, url);
    else await httpAdapter.redirect(response, statusCode, url);
  }

  /** Calls the handler of a request with its parameters and pipes, but without interceptors, so that it makes the redirect. */
  async #handle(context: ExecutionContext): Promise<void> {
    const { instance, moduleKey, contextId } = await this.#hostOf(context);
    // Nest needs the controller's module to resolve pipes, but searches only among providers.
    const contexts = Object.create(this.contexts, {
      getContextModuleKey: { value: () => moduleKey },
    }) as ExternalContextCreator;
    const params = new RouteParamsFactory();
    const paramsFactory = {
      exchangeKeyForValue: (type: ParamType, data: string, [req, res, next]: [object, object, () => void]): unknown =>
        params.exchangeKeyForValue<object, object, unknown>(type, data, { req, res, next }),
    };
    const handler = context.getHandler();
    const handle = contexts.create(
      instance,
      handler as (...args: unknown[]) => unknown,
      methodName(instance, handler),
      ROUTE_ARGUMENTS,
      paramsFactory,
      contextId,
      undefined,
      { guards: false, interceptors: false, filters: false },
      'http',
    );
    await handle(...context.getArgs<unknown[]>());
  }

  async #hostOf(context: ExecutionContext): Promise<Host> {
    const controller = context.getClass<object>();
    for (const [moduleKey, module] of this.modules) {
      const wrapper = module.controllers.get(controller);
      if (!wrapper) continue;
      if (wrapper.isDependencyTreeStatic()) return { instance: wrapper.instance, moduleKey };
      const contextId = ContextIdFactory.getByRequest(context.switchToHttp().getRequest<object>());
      const moduleRef = module.getProviderByKey<ModuleRef>(ModuleRef).instance;
      return { instance: await moduleRef.resolve(controller, contextId), moduleKey, contextId };
    }
    throw new TypeError(`no module has the controller ${controller.name}. Add it to \`controllers\` of a module`);
  }
}

/** Matches a URL that needs no encoding in a header. */
const IS_HEADER = /^[!-~]+$/;

function isNodeResponse(response: object): response is ServerResponse {
  return 'setHeader' in response && 'statusCode' in response && 'end' in response;
}

/** Like `redirect()` of Express, but without the page, which browsers do not show. */
function redirectWithoutBody(response: ServerResponse, statusCode: number, url: string): void {
  response.statusCode = statusCode;
  response.setHeader('Location', url);
  response.end();
}

/** Returns the name of a controller's method. The function's `name` may differ if another decorator replaced the function. */
function methodName(instance: object, handler: object): string {
  const names = new MetadataScanner().getAllMethodNames(instance);
  return names.find((name) => Reflect.get(instance, name) === handler) ?? '';
}

/** Returns the redirect that an interceptor returned instead of calling the handler. */
function redirectIn(answer: unknown): Partial<RedirectResponse> {
  return isRecord(answer) && typeof answer.url === 'string' ? answer : {};
}
