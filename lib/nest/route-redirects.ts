import { Injectable, type ExecutionContext } from '@nestjs/common';
import {
  ContextIdFactory,
  ExternalContextCreator,
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
  type ContextId,
} from '@nestjs/core';
import { RouteParamsFactory } from '@nestjs/core/router/route-params-factory.js';
import { isRecord } from '../config/is-record.js';
import type { OAuthRequest } from '../oauth-request.js';
import type { RedirectResponse } from '../remote-app/login.js';
import {
  decoratedRedirect,
  isEmitted,
  keepPendingRedirect,
  REDIRECT_VIEW,
  ROUTE_ARGUMENTS,
  type MakeRedirect,
  type MaybeRedirecting,
  type PendingRedirect,
  type RedirectingRoute,
} from './redirecting-handler.js';

type Render = (view: string, ...rest: unknown[]) => unknown;

type ParamType = Parameters<RouteParamsFactory['exchangeKeyForValue']>[0];

/** `render` of Express' response, or `view` of Fastify's reply. */
interface RenderingResponse {
  render?: Render;
  view?: Render;
}

/** A controller's instance for one request, and where Nest keeps it. */
interface Host {
  instance: object;
  moduleKey: string;
  contextId?: ContextId;
}

/**
 * Sends the redirects of login and logout routes, past the interceptors of the application. These routes render a view that no
 * view engine knows: when guards, interceptors and the handler are done, Nest asks the response to render it, and the response
 * redirects. Whatever an interceptor made of the handler's value does not matter then.
 */
@Injectable()
export class RouteRedirects {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly contexts: ExternalContextCreator,
  ) {}

  /** Prepares the response of a request whose handler is made by `redirectingHandler()`. Called in a guard. */
  prepare(context: ExecutionContext, route: RedirectingRoute, make: MakeRedirect): void {
    const http = context.switchToHttp();
    const response = http.getResponse<RenderingResponse>();
    const redirect: PendingRedirect = { route, make };
    keepPendingRedirect(http.getRequest<OAuthRequest>(), redirect);
    const name = response.render ? 'render' : 'view';
    const original = response[name];
    response[name] = (view, ...rest) =>
      view === REDIRECT_VIEW ? this.#answer(context, redirect, rest[0]) : original?.call(response, view, ...rest);
  }

  /** Prepares the response of a handler with `@Redirect()`: it goes where the handler says, or else the decorator. */
  prepareDecorated(context: ExecutionContext, route: MaybeRedirecting): void {
    const { method } = route;
    if (method === undefined) return;
    const decorated = decoratedRedirect(context.getHandler());
    this.prepare(context, route as RedirectingRoute, async (handle) => {
      const returned = await handle();
      const { url, statusCode } = isRecord(returned) ? (returned as Partial<RedirectResponse>) : {};
      return { url: url ?? decorated?.url ?? '', statusCode: statusCode ?? decorated?.statusCode ?? 302 };
    });
  }

  /** @param answer the handler's value as the interceptors changed it, or what they returned instead */
  #answer(context: ExecutionContext, redirect: PendingRedirect, answer: unknown): unknown {
    if (redirect.redirect || !isEmitted(answer)) return this.#send(context, redirect, answer);
    // A cache repeated the answer of another request. The handler has to run for this one, too.
    const answered = this.#handle(context, redirect.route).then(() => this.#send(context, redirect, undefined));
    answered.catch(() => undefined); // Nest waits for it; without this, a version that does not would end the process
    return answered;
  }

  #send(context: ExecutionContext, { redirect }: PendingRedirect, answer: unknown): unknown {
    const { httpAdapter } = this.adapterHost;
    const response = context.switchToHttp().getResponse<object>();
    if (redirect) return httpAdapter.redirect(response, redirect.statusCode, redirect.url) as unknown;
    if (isRecord(answer) && typeof answer.url === 'string') {
      return httpAdapter.redirect(response, Number(answer.statusCode ?? 302), answer.url) as unknown;
    }
    return httpAdapter.reply(response, answer) as unknown;
  }

  /** Calls the handler of a request with its parameters and pipes, and without interceptors. */
  async #handle(context: ExecutionContext, { method }: RedirectingRoute): Promise<void> {
    const { instance, moduleKey, contextId } = await this.#hostOf(context);
    // Nest looks for the module only among providers; controllers need their module for its pipes.
    const contexts = Object.create(this.contexts, {
      getContextModuleKey: { value: () => moduleKey },
    }) as ExternalContextCreator;
    const params = new RouteParamsFactory();
    const paramsFactory = {
      exchangeKeyForValue: (type: ParamType, data: string, [req, res, next]: [object, object, () => void]): unknown =>
        params.exchangeKeyForValue<object, object, unknown>(type, data, { req, res, next }),
    };
    const handler = context.getHandler() as never;
    const alone = { guards: false, interceptors: false, filters: false };
    const handle = contexts.create(
      instance,
      handler,
      method,
      ROUTE_ARGUMENTS,
      paramsFactory,
      contextId,
      undefined,
      alone,
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
    throw new TypeError(`no module has the controller ${controller.name}`);
  }
}
