import { ownField } from '../../common/own-field.js';
import { isRecord } from '../../config/is-record.js';
import { excessOf, type Limits } from '../../common/limits.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { LogoutParams } from '../openid/logout-request.js';
import type { AuthorizationParams } from './authorization-params.js';

/** The expected type of a parameter. */
type Kind = 'string' | 'strings' | 'secret' | 'seconds' | 'object' | 'objects';
type Known<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: T[Key] };

/** Parameters with a camelCase name in this library. The wire names are in `WIRE`. */
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

/** Names of this library that an OAuth 1 provider does not know. `scope` and `prompt` are excluded, because they are also wire names. */
const NOT_OF_OAUTH1 = new Set(
  [...Object.keys(LOGIN), 'redirectUri', 'returnTo'].filter((name) => name !== 'scope' && name !== 'prompt'),
);
/** Parameters that only this library may send: secrets, and requests that would replace the request of this library (RFC 9101 §5). */
const NEVER_SENT = new Set(['client_secret', 'code_verifier', 'request', 'request_uri']);

const LIMITS: Limits = { depth: 8, entries: 100, length: 8_192 };
/** Minimum length of a secret, in characters. A shorter secret is too easy to guess (RFC 6749 §10.10). */
const MIN_SECRET_LENGTH = 16;
const MAX_SECRET_LENGTH = 1_024;

const EXPECTED: Record<Exclude<Kind, 'secret'>, string> = {
  string: 'a string',
  strings: 'a string or an array of strings',
  seconds: 'a number of seconds, 0 or more',
  object: 'an object',
  objects: 'an array of objects',
};

/**
 * Returns the checked parameters of a login, which an application may have taken from a query.
 * @throws {OAuthError} `invalid_state` or `invalid_nonce` when the state or the nonce is too easy to guess, and
 * `invalid_login_parameter` when any other parameter has the wrong type or size
 */
export function readAuthorizationParams(params: unknown): AuthorizationParams {
  return checked(params, 'login', (name) => ownField(LOGIN, name) ?? ownField(WIRE, name));
}

/**
 * Returns the checked parameters of a logout.
 * @throws {OAuthError} `invalid_state` when the state is too easy to guess, and `invalid_login_parameter` when any other parameter has
 * the wrong type or size
 */
export function readLogoutParams(params: unknown): LogoutParams {
  return checked(params, 'logout', (name) => ownField(LOGOUT, name));
}

/**
 * Returns the additional parameters of a login with OAuth 1, without the parameters of OAuth 2, which contain keys and secrets, and
 * without protocol parameters (`oauth_`).
 * @throws {OAuthError} `invalid_login_parameter` when a parameter has the wrong type or size
 */
export function readOAuth1Params(params: unknown): Record<string, unknown> {
  const extras = Object.entries(requireParams(params, 'login')).filter(
    ([name]) => !NOT_OF_OAUTH1.has(name) && !name.startsWith('oauth_'),
  );
  return checked(Object.fromEntries(extras), 'login', () => undefined);
}

/**
 * Returns the parameters that a handler returned, or an empty object.
 * @throws {OAuthError} `invalid_login_parameter` (status 500) when the handler returned a value that is not an object
 */
export function requireParams(params: unknown, what: 'login' | 'logout'): Record<string, unknown> {
  if (params === undefined || params === null) return {};
  if (isRecord(params)) return params;
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

/** Checks a state or a nonce. Both protect a login against the callback or the id_token of another login, so they must be random. */
function checkSecret(name: string, value: unknown): void {
  if (typeof value === 'string' && value.length >= MIN_SECRET_LENGTH && value.length <= MAX_SECRET_LENGTH) return;
  throw new OAuthError(`invalid_${name}`, {
    description:
      `"${name}" is too short or too long. Expected a string of ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} random characters. ` +
      'Omit it to use a random value',
  });
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,10}$/.test(value);
}

/** Returns whether a value can be JSON. Excludes functions, symbols and `bigint`. The size of objects is already checked. */
function isJson(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'object'].includes(typeof value);
}

function invalidParameter(description: string): OAuthError {
  return new OAuthError('invalid_login_parameter', { description });
}
