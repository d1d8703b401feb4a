import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { mergeMap, takeLast, defaultIfEmpty, type Observable } from 'rxjs';
import type { RedirectResponse } from '../remote-app/login.js';

/** The redirect that one request is answered with. */
export interface PendingRedirect {
  context: ExecutionContext;
  /** Makes the redirect from what the handler returned. */
  make(returned: unknown): RedirectResponse | Promise<RedirectResponse>;
  /** Set when the handler has run. */
  made?: RedirectResponse;
}

/** What interceptors of the application get instead of the redirect. It holds nothing of the login. */
const EMITTED = { answeredBy: 'nestjs-oauth-client' };

const pending = new WeakMap<object, PendingRedirect>();

/** Answers a request with the redirect that `make` returns. Called in a guard, before the handler runs. */
export function redirectAfterHandler(context: ExecutionContext, make: PendingRedirect['make']): void {
  pending.set(responseOf(context), { context, make });
}

export function pendingRedirectOf(response: object): PendingRedirect | undefined {
  return pending.get(response);
}

/** Whether a value is the one that interceptors got instead of the redirect, however a cache or a wrapper changed it. */
export function isEmitted(value: unknown): boolean {
  try {
    return (JSON.stringify(value) as string | undefined)?.includes(EMITTED.answeredBy) === true;
  } catch {
    return false;
  }
}

/** The innermost interceptor of a route: makes the redirect when the handler returns, and keeps it from the other interceptors. */
export class RedirectInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const redirect = pending.get(responseOf(context));
    if (!redirect) return next.handle();
    return next.handle().pipe(
      takeLast(1),
      defaultIfEmpty(undefined),
      mergeMap(async (returned: unknown) => {
        redirect.made = await redirect.make(returned);
        return { ...EMITTED };
      }),
    );
  }
}

function responseOf(context: ExecutionContext): object {
  return context.switchToHttp().getResponse<object>();
}
