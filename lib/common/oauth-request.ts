/**
 * What a login reads of a request. Express's and Fastify's requests both have this shape, so that whatever Nest hands
 * to a handler can be passed as it is.
 */
export interface OAuthRequest {
  readonly method?: string;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly params?: unknown;
  readonly headers?: { readonly cookie?: string; readonly [name: string]: string | string[] | undefined };
  /** What the session middleware put there (`express-session`, `cookie-session`, `@fastify/session`). */
  readonly session?: unknown;
  /** `http` or `https`, by the platform's trust-proxy setting. */
  readonly protocol?: string;
  /** Host and port, by the platform's trust-proxy setting. */
  readonly host?: string;
}
