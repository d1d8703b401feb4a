import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/**
 * The path of a value: keys and array positions, separated by dots (`data.0.id`); `[?primary]` is the first element whose `primary`
 * is true. Without a source, the path starts at the response of the first request. With a source, it starts at:
 *
 * - `token:` the fields of the token response, without the tokens themselves;
 * - `id_token:` the claims of the validated id_token;
 * - `callback:` the `callbackParameters`; a value that is JSON is parsed;
 * - `emails:` the response of the request with the name `emails`.
 */
export type ProfilePath = string;

/** Where the value of a claim comes from. */
export type ClaimSource =
  | ProfilePath
  /** The first source that has a value. */
  | ClaimSource[]
  /** The values of several paths, joined with a space. Absent values are omitted. Not allowed for `sub`. */
  | { join: ProfilePath[] }
  /** A string with placeholders for paths: `https://cdn.example/{id}/{avatar}.png`. Absent if a value is absent. */
  | { template: string }
  /** The part of a string after the last occurrence of `after` (Vimeo's `/users/123`). */
  | { path: ProfilePath; after: string }
  /** Whether the path has a value other than `null`, `false` and `''` (GitLab's `confirmed_at`). */
  | { exists: ProfilePath }
  /** Whether the value of a path equals a constant. */
  | { path: ProfilePath; equals: string | number | boolean }
  /** Whether all sources are true. */
  | { all: ClaimSource[] }
  /** A constant. */
  | { value: string | boolean };

/** The sources of a user's claims, by claim. The claims have the names of OpenID Connect Core §5.1. */
export interface ProfileClaims {
  /** A stable identifier that the provider never assigns to another user. Never an email address or a user name. */
  sub?: ClaimSource;
  name?: ClaimSource;
  given_name?: ClaimSource;
  family_name?: ClaimSource;
  preferred_username?: ClaimSource;
  email?: ClaimSource;
  email_verified?: ClaimSource;
  picture?: ClaimSource;
  locale?: ClaimSource;
}

/**
 * A request for a part of the user's profile, with the user's token. `{client_id}` and placeholders for paths, such as `{token:uid}`
 * or `{me:openid}`, are replaced in `url`, `query`, `headers`, `form` and `json`; `{client_secret}` and `{access_token}` not in `json`,
 * and `{client_secret}` not in `url`. In `json`, only placeholders with a source are replaced, because GraphQL has braces too.
 */
export interface ProfileRequest {
  /** The name of the response in paths. @default 'user' for the first request */
  name?: string;
  url: string;
  /** @default 'GET', or 'POST' with `form` or `json` */
  method?: 'GET' | 'POST';
  query?: Record<string, string>;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  json?: Record<string, unknown>;
  /** Where this request sends the token. @default as API calls do */
  token?: 'header' | 'uri' | 'body' | 'none';
  /** Whether the login continues without this response if the request fails. @default false */
  optional?: boolean;
}

/** How the user's claims are read from a provider without OpenID Connect. */
export interface ProfileSettings {
  /** The requests, which are sent in this order. Without requests, the claims come from the token response, the id_token and the callback. */
  requests?: ProfileRequest[];
  /** The sources of the claims. The claims of a validated id_token are kept if they have no source. */
  claims?: ProfileClaims;
}

/** The data from which a profile function reads the claims. */
export interface ProfileContext {
  token: OAuth1Token | OAuth2Token;
  /** The claims of the validated id_token. */
  idToken?: Readonly<Record<string, unknown>>;
  /** The `callbackParameters`. Empty when the profile is read without a login. */
  callback: Readonly<Record<string, string>>;
  /** Sends a GET request with the token to an API URL, relative to `apiBaseUrl` or absolute. Returns the parsed body. */
  get: (url: string, options?: { headers?: Record<string, string> }) => Promise<unknown>;
}

/** Returns the claims of a user. `sub` is required. */
export type ProfileFunction = (context: ProfileContext) => Record<string, unknown> | Promise<Record<string, unknown>>;
