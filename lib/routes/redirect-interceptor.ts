import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { mergeMap, takeLast, defaultIfEmpty, type Observable } from 'rxjs';
import type { RedirectResponse } from '../remote-app/login.js';

/** The redirect of one response. */
export interface PendingRedirect {
  context: ExecutionContext;
  /** Returns the redirect. Receives the value that the handler returned. */
  make(returned: unknown): RedirectResponse | Promise<RedirectResponse>;
  /** Undefined until the handler has run. */
  made?: RedirectResponse;
}

/** The value that interceptors of the application receive instead of the redirect. It contains no data of the login. */
const PLACEHOLDER = { answeredBy: 'nestjs-oauth-client' };

const pending = new WeakMap<object, PendingRedirect>();

/** Makes the route respond with the redirect that `make` returns. Must be called in a guard, before the handler runs. */
export function redirectAfterHandler(context: ExecutionContext, make: PendingRedirect['make']): void {
  pending.set(responseOf(context), { context, make });
}

export function pendingRedirectOf(response: object): PendingRedirect | undefined {
  return pending.get(response);
}

/** Returns whether a value contains the placeholder of a redirect, such as after a cache or a wrapper changed the value. */
export function isPlaceholder(value: unknown): boolean {
  try {
    return (JSON.stringify(value) as string | undefined)?.includes(PLACEHOLDER.answeredBy) === true;
  } catch {
    return false;
  }
}

/** The innermost interceptor of a route. Creates the redirect when the handler returns, and hides it from other interceptors. */
export class RedirectInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const redirect = pending.get(responseOf(context));
    if (!redirect) return next.handle();
    return next.handle().pipe(
      takeLast(1),
      defaultIfEmpty(undefined),
      mergeMap(async (returned: unknown) => {
        redirect.made = await redirect.make(returned);
        return { ...PLACEHOLDER };
      }),
    );
  }
}

function responseOf(context: ExecutionContext): object {
  return context.switchToHttp().getResponse<object>();
}
