import { isRecord } from '../../config/is-record.js';
import { excessOf, type Limits } from '../../common/limits.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { LogoutParams } from '../openid/logout-request.js';
import type { AuthorizationParams } from './authorization-params.js';

/** What a parameter has to be. */
type Kind = 'string' | 'strings' | 'secret' | 'seconds' | 'object' | 'objects';
type Known<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: T[Key] };

/** Parameters that are ours; those that have another name on the wire are known by both. */
const LOGIN: Record<Known<AuthorizationParams>, Kind> = {
  scope: 'strings',
  prompt: 'string',
  loginHint: 'string',
  idTokenHint: 'string',
  maxAge: 'seconds',
  acrValues: 'strings',
  claims: 'object',
  authorizationDetails: 'objects',
  resource: 'strings',
  responseType: 'string',
  responseMode: 'string',
  state: 'secret',
  codeVerifier: 'string',
  nonce: 'secret',
  dpopKey: 'object',
};
const WIRE: Record<string, Kind> = {
  login_hint: 'string',
  id_token_hint: 'string',
  max_age: 'seconds',
  acr_values: 'strings',
  authorization_details: 'objects',
  response_type: 'string',
  response_mode: 'string',
};
const LOGOUT: Record<Known<LogoutParams>, Kind> = {
  postLogoutRedirectUri: 'string',
  idTokenHint: 'string',
  logoutHint: 'string',
  uiLocales: 'strings',
  state: 'secret',
};

/** Names of ours that mean nothing to a provider of OAuth 1, which reads `scope` and `prompt` by these names. */
const NOT_OF_OAUTH1 = new Set(
  [...Object.keys(LOGIN), 'redirectUri', 'returnTo'].filter((name) => name !== 'scope' && name !== 'prompt'),
);
/** What this library alone may send: secrets, and requests in the place of the one that it makes (RFC 9101 §5). */
const NEVER_SENT = new Set(['client_secret', 'code_verifier', 'request', 'request_uri']);

const LIMITS: Limits = { depth: 8, entries: 100, length: 8_192 };
/** Fewer characters can be guessed; RFC 6749 §10.10 asks for more. */
const SHORTEST_SECRET = 16;
const LONGEST_SECRET = 1_024;

const EXPECTED: Record<Exclude<Kind, 'secret'>, string> = {
  string: 'a string',
  strings: 'a string or an array of strings',
  seconds: 'a number of seconds, 0 or more',
  object: 'an object',
  objects: 'an array of objects',
};

/**
 * Checks what one login asks for, which an application may have taken from a query.
 * @throws {OAuthError} `invalid_state` or `invalid_nonce` for one that could be guessed, `invalid_login_parameter` for any
 * other parameter of the wrong type or size
 */
export function readAuthorizationParams(params: unknown): AuthorizationParams {
  return checked(params, 'login', (name) => own(LOGIN, name) ?? own(WIRE, name));
}

/**
 * Checks what one logout asks for.
 * @throws {OAuthError} `invalid_state`, or `invalid_login_parameter` for any other parameter of the wrong type or size
 */
export function readLogoutParams(params: unknown): LogoutParams {
  return checked(params, 'logout', (name) => own(LOGOUT, name));
}

/**
 * Returns the extra parameters of a login with OAuth 1: without those that only OAuth 2 has, which hold keys and secrets, and
 * without the protocol's own.
 * @throws {OAuthError} `invalid_login_parameter` for a parameter of the wrong type or size
 */
export function readOAuth1Params(params: unknown): Record<string, unknown> {
  const extras = Object.entries(requireParams(params, 'login')).filter(
    ([name]) => !NOT_OF_OAUTH1.has(name) && !name.startsWith('oauth_'),
  );
  return checked(Object.fromEntries(extras), 'login', () => undefined);
}

/**
 * Returns the parameters that a handler returned, or none.
 * @throws {OAuthError} `invalid_login_parameter` (status 500) when it returned something else than an object
 */
export function requireParams(params: unknown, what: 'login' | 'logout'): Record<string, unknown> {
  if (params === undefined || params === null) return {};
  if (typeof params === 'object' && !Array.isArray(params)) return params as Record<string, unknown>;
  throw new OAuthError('invalid_login_parameter', {
    description: `the parameters of a ${what} are not an object. Return an object from the handler, or nothing`,
    status: 500,
  });
}

function checked(
  params: unknown,
  what: 'login' | 'logout',
  kindOf: (name: string) => Kind | undefined,
): Record<string, unknown> {
  const given = requireParams(params, what);
  const excess = excessOf(given, LIMITS);
  if (excess !== undefined) throw invalidParameter(`the parameters of this ${what} are too large: ${excess}`);
  const present = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  for (const [name, value] of present) {
    const kind = kindOf(name);
    if (kind === 'secret') checkSecret(name, value);
    else if (kind !== undefined && !isOf(kind, value)) {
      throw invalidParameter(`"${name}" is of the wrong type. Expected ${EXPECTED[kind]}`);
    } else if (NEVER_SENT.has(name)) {
      throw invalidParameter('"client_secret", "code_verifier", "request" and "request_uri" are not sent for a login');
    } else if (!isJson(value)) throw invalidParameter('a parameter is not a JSON value');
  }
  return Object.fromEntries(present);
}

function isOf(kind: Exclude<Kind, 'secret'>, value: unknown): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string';
    case 'strings':
      return typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
    case 'seconds':
      return typeof value === 'number' ? Number.isFinite(value) && value >= 0 : isDigits(value);
    case 'object':
      return isRecord(value);
    case 'objects':
      return Array.isArray(value) && value.every(isRecord);
  }
}

/** `state` is all that keeps a login that was begun elsewhere from being finished here, and the nonce an id_token. */
function checkSecret(name: string, value: unknown): void {
  if (typeof value === 'string' && value.length >= SHORTEST_SECRET && value.length <= LONGEST_SECRET) return;
  throw new OAuthError(`invalid_${name}`, {
    description:
      `"${name}" is too short or too long. Expected a string of ${SHORTEST_SECRET} to ${LONGEST_SECRET} random characters. ` +
      'Omit it to use a random value',
  });
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,10}$/.test(value);
}

/** Functions, symbols and `bigint` have no JSON; objects were counted already. */
function isJson(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'object'].includes(typeof value);
}

function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function invalidParameter(description: string): OAuthError {
  return new OAuthError('invalid_login_parameter', { description });
}
