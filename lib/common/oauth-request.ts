/**
 * The part of a request that a login reads. The requests of Express and Fastify both have this shape, so the request that
 * Nest passes to a handler can be passed on unchanged.
 */
export interface OAuthRequest {
  readonly method?: string;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly params?: unknown;
  readonly headers?: { readonly cookie?: string; readonly [name: string]: string | string[] | undefined };
  /** Set by the session middleware (`express-session`, `cookie-session`, `@fastify/session`). */
  readonly session?: unknown;
  /** `http` or `https`, according to the platform's trust-proxy setting. */
  readonly protocol?: string;
  /** Host and port, according to the platform's trust-proxy setting. */
  readonly host?: string;
}
