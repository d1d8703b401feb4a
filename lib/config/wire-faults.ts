import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';
import { snakeCase } from './snake-case.js';
import { escaped } from './escaped-text.js';

/** Maximum number of characters of a parameter name in an error. */
const MAX_SHOWN_NAME = 50;

/** Parameters of the authorization request that a check of the callback or of the token response depends on. */
const CHECKED = ['nonce', 'code_challenge', 'code_challenge_method', 'dpop_jkt', 'request', 'request_uri'];
/** Parameters that an authorization request sends. No other parameter may take their names. */
const AUTHORIZATION = ['state', ...CHECKED, 'client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope'];
/** Parameters that a token request sends. No other parameter may take their names. */
const TOKEN = [
  ...['grant_type', 'code', 'redirect_uri', 'code_verifier', 'refresh_token', 'client_id', 'client_secret'],
  ...['client_assertion', 'client_assertion_type'],
];

/** The settings of token requests, and the parameters without which their request has no meaning. */
const TOKEN_REQUESTS = {
  tokenRequest: ['code', 'refresh_token'], // also for refreshes, by default
  refreshRequest: ['refresh_token'],
  longLivedTokenRequest: ['access_token'],
} as const;

/**
 * Returns the contradictions in settings for non-standard providers, and the settings that would silently turn off a check.
 * Ignores values of the wrong type, which the schema reports.
 */
export function wireFaults(settings: Settings): string[] {
  return [
    ...authorizationFaults(settings),
    ...Object.entries(TOKEN_REQUESTS).flatMap(([key, needed]) => tokenRequestFaults(settings, key, needed)),
    ...methodFaults(settings),
  ];
}

function authorizationFaults(settings: Settings): string[] {
  const { authorizationRequest, registeredRedirectUri } = settings;
  if (!isRecord(authorizationRequest)) return [];
  const names = namesIn(authorizationRequest);
  const isInUri = authorizationRequest.stateInRedirectUri === true;
  const at = (name: string): string => `authorization_request.parameter_names.${name}`;
  const faults = CHECKED.filter((name) => Object.hasOwn(names, name)).map(
    (name) =>
      `${at(name)}: cannot be renamed or omitted, because it protects the login. ` +
      (name.startsWith('code_challenge') ? 'To turn PKCE off, set code_challenge_method to "none"' : 'Remove it'),
  );
  if (Object.hasOwn(names, 'state') && !(names.state === false && isInUri)) {
    faults.push(
      `${at('state')}: cannot be renamed, and can be omitted only with state_in_redirect_uri, because the state protects the ` +
        'callback against forgery',
    );
  }
  if (isInUri && names.redirect_uri === false) {
    faults.push(`${at('redirect_uri')}: cannot be omitted, because state_in_redirect_uri sends the state in it`);
  }
  if (isInUri && registeredRedirectUri !== undefined) {
    faults.push(
      'registered_redirect_uri: contradicts state_in_redirect_uri, which changes the redirect URI of each login',
    );
  }
  const isVouchedFor =
    settings.requirePushedAuthorizationRequests === true || settings.requireSignedRequestObject === true;
  if (isVouchedFor && Object.keys(names).length > 0) {
    faults.push(
      'authorization_request.parameter_names: not possible with require_pushed_authorization_requests or ' +
        'require_signed_request_object, because these requests have standard names',
    );
  }
  return [...faults, ...collisions('authorization_request', names, AUTHORIZATION)];
}

function tokenRequestFaults(settings: Settings, key: string, needed: readonly string[]): string[] {
  const request = settings[key];
  if (!isRecord(request)) return [];
  const names = namesIn(request);
  const at = (name: string): string => `${snakeCase(key)}.parameter_names.${name}`;
  const faults = needed
    .filter((name) => names[name] === false)
    .map((name) => `${at(name)}: cannot be omitted, because the request has no meaning without it`);
  if (names.code_verifier === false) {
    faults.push(
      `${at('code_verifier')}: cannot be omitted, because the provider could not check PKCE. To turn PKCE off, set ` +
        'code_challenge_method to "none"',
    );
  }
  if (Object.hasOwn(names, 'client_secret') && usesBasic(settings)) {
    faults.push(
      `${at('client_secret')}: has no effect, because client_secret_basic sends the secret in a header. Set ` +
        'client_kwargs.token_endpoint_auth_method to client_secret_post',
    );
  }
  if (needsSecret(request) && !hasSecret(settings)) {
    faults.push(`${snakeCase(key)}.headers: contain {client_secret}, and the client has no client_secret. Set it`);
  }
  return [...faults, ...collisions(snakeCase(key), names, TOKEN)];
}

function methodFaults({ tokenRequest, accessTokenParams }: Settings): string[] {
  const format = isRecord(tokenRequest) ? tokenRequest.format : undefined;
  const method = isRecord(accessTokenParams) ? accessTokenParams.method : undefined;
  const isGet = typeof method === 'string' && method.toUpperCase() === 'GET';
  if (!isGet || format === undefined || format === 'query') return [];
  return ['token_request.format: contradicts access_token_params.method, which is GET. Remove one of them'];
}

/** Returns a fault for each parameter that would have the name of another parameter: a provider may read either of the two. */
function collisions(key: string, names: Settings, sent: readonly string[]): string[] {
  const targets = Object.values(names);
  return Object.entries(names).flatMap(([name, target]) => {
    if (typeof target !== 'string') return [];
    const isTaken = target !== name && sent.includes(target) && !Object.hasOwn(names, target);
    const isDouble = targets.filter((other) => other === target).length > 1;
    // a check depends on these names, so they stay reserved even if the parameter itself is omitted
    const isReserved = key === 'authorization_request' && target !== name && ['state', ...CHECKED].includes(target);
    if (!isTaken && !isDouble && !isReserved) return [];
    return [
      `${key}.parameter_names.${escaped(name, MAX_SHOWN_NAME)}: has the name of another parameter of the request. Choose another name`,
    ];
  });
}

function namesIn({ parameterNames }: Settings): Settings {
  return isRecord(parameterNames) ? parameterNames : {};
}

function needsSecret({ headers }: Settings): boolean {
  return isRecord(headers) && Object.values(headers).some((value) => String(value).includes('{client_secret}'));
}

function hasSecret({ clientSecret }: Settings): boolean {
  return typeof clientSecret === 'string' && clientSecret !== '';
}

/** Returns whether the client sends its secret with HTTP Basic, according to its settings. */
function usesBasic(settings: Settings): boolean {
  const { clientKwargs } = settings;
  const named = isRecord(clientKwargs) ? clientKwargs.tokenEndpointAuthMethod : undefined;
  return named === 'client_secret_basic' || (named === undefined && hasSecret(settings));
}
