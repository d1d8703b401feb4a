import {
  AuthorizationResponseError,
  validateCodeIdTokenResponse,
  validateDetachedSignatureResponse,
  validateJwtAuthResponse,
} from 'oauth4webapi';
import { OAuthError } from '../../errors/oauth.errors.js';
import { checkAuthorizedParty, claimsOf } from '../openid/id-token.js';
import { providerOfIdToken, providerOfJwt } from '../provider/jwt-provider.js';
import { refusedCallback, shown } from '../provider/failed-check.js';
import { knowsIssuer, signatureOptions, type Provider } from '../provider/provider.js';
import { isTenantTemplate, tenantIn } from '../../config/tenant-issuer.js';
import { checkJwt } from '../wire/jwt.js';
import type { AuthorizationChecks } from './authorization-params.js';

/** Parameters of an authorization response (RFC 6749 §4.1.2, RFC 9207, JARM §2.3, OpenID Connect Core §3.3.2.5). */
export const AUTHORIZATION_RESPONSE = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'response',
  'id_token',
  'access_token',
] as const;
export type AuthorizationResponse = Partial<Record<(typeof AUTHORIZATION_RESPONSE)[number], string>>;

/** The result of a valid authorization response. */
export interface AuthorizationGrant {
  code: string;
  /** The `sub` of the response's id_token, if there is one. The id_token of the token response must have an equal `sub`. */
  subject?: string;
  /** The issuer in the response, if there is one. The id_token of the token response must have an equal `iss`. */
  issuer?: string;
}

/**
 * Returns the claimed state of a response, which is only used to find the pending login. The signature of a JWT response (JARM) is not
 * verified here.
 */
export async function claimedState(
  provider: Provider,
  { response, state = '' }: AuthorizationResponse,
): Promise<string> {
  if (!response) return state;
  try {
    checkJwt(response);
    const { state: claimed } = await claimsOf(provider, response);
    return typeof claimed === 'string' ? claimed : '';
  } catch {
    return '';
  }
}

/**
 * Returns the validated parameters of a JWT response (JARM), or the unchanged parameters of any other response.
 * @throws {OAuthError} `invalid_request` when the JWT is not from the provider, is not for this client or login, or is expired
 */
export async function readAuthorizationResponse(
  provider: Provider,
  response: AuthorizationResponse,
  state: string,
): Promise<AuthorizationResponse> {
  if (!response.response) return response;
  if (!knowsIssuer(provider))
    throw unexpected('the callback is a JWT, which can only be checked where the issuer is known');
  const parameters = new URLSearchParams({ response: response.response });
  try {
    checkJwt(response.response);
    const verifier = await providerOfJwt(provider, response.response);
    const { server, client } = verifier;
    return {
      response: response.response,
      ...entries(await validateJwtAuthResponse(server, client, parameters, state, signatureOptions(verifier))),
    };
  } catch (error) {
    if (error instanceof AuthorizationResponseError) return { response: response.response, ...entries(error.cause) };
    throw refusedCallback(error, 'authorization response');
  }
}

/**
 * Checks that a response is from the provider of the login, to prevent mix-up attacks (RFC 9207). The issuer may be in an id_token
 * instead, which {@link readGrant} validates.
 * @throws {OAuthError} `invalid_request` when the response is from another issuer, or does not contain a required issuer
 */
export function checkIssuer(provider: Provider, { iss, id_token: idToken, error }: AuthorizationResponse): void {
  const { issuer, authorization_response_iss_parameter_supported: promised } = provider.server;
  const required = promised && (idToken === undefined || error !== undefined);
  // a multi-tenant provider sends the issuer of a tenant, which the id_token must also contain
  const isProviders = isTenantTemplate(issuer) ? tenantIn(issuer, iss) !== undefined : iss === issuer;
  if (!knowsIssuer(provider) || isProviders || (iss === undefined && !required)) return;
  throw unexpected(
    iss === undefined
      ? `the callback does not say who it is from (iss), expected ${shown(issuer)}`
      : `the callback is from ${shown(iss)}, expected ${shown(issuer)}`,
  );
}

/**
 * Validates the response to a pending login, and returns its code (RFC 6749 §4.1.2).
 * @throws {OAuthError} `invalid_request` when the response has no code, or is not of the requested type or mode
 */
export async function readGrant(
  provider: Provider,
  login: AuthorizationChecks & { state: string },
  answer: AuthorizationResponse,
  method: string | undefined,
): Promise<AuthorizationGrant> {
  if (answer.access_token)
    throw unexpected('the callback has an access token: implicit answers are not taken (RFC 9700 §2.1.2)');
  const wantsJwt = login.responseMode?.endsWith('jwt') === true;
  if (wantsJwt !== Boolean(answer.response)) {
    throw unexpected(
      `the callback is ${wantsJwt ? 'not a signed JWT' : 'a JWT'}, which is not what the login asked for (JARM)`,
    );
  }
  if (!answer.code) throw unexpected('the callback has no "code" parameter');
  if (login.responseType && method !== 'POST') throw unexpected('"code id_token" is taken by a form post alone');
  if (login.responseType) return readHybrid(provider, login, answer, answer.code);
  if (answer.id_token) throw unexpected('the callback has an id_token, which the login did not ask for');
  return { code: answer.code, issuer: answer.iss };
}

/** Validates the response to `code id_token` (OpenID Connect Core §3.3.2.8 to §3.3.2.10). */
async function readHybrid(
  provider: Provider,
  { nonce = '', state, maxAge }: AuthorizationChecks & { state: string },
  answer: AuthorizationResponse,
  code: string,
): Promise<AuthorizationGrant> {
  if (!knowsIssuer(provider))
    throw unexpected('the callback has an id_token, which can only be checked where the issuer is known');
  const { id_token: idToken = '', iss } = answer;
  const parameters = new URLSearchParams({ code, state, id_token: idToken, ...(iss !== undefined && { iss }) });
  const check = provider.config.detachedSignature ? validateDetachedSignatureResponse : validateCodeIdTokenResponse;
  try {
    checkJwt(idToken);
    const verifier = await providerOfIdToken(provider, idToken);
    const { server, client } = verifier;
    await check(server, client, parameters, nonce, state, maxAge, signatureOptions(verifier));
    const claims = await claimsOf(provider, idToken);
    checkAuthorizedParty(provider, claims);
    return { code, subject: claims.sub, issuer: claims.iss };
  } catch (error) {
    throw refusedCallback(error, 'id_token');
  }
}

function entries(parameters: URLSearchParams): AuthorizationResponse {
  return Object.fromEntries(parameters);
}

function unexpected(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}
