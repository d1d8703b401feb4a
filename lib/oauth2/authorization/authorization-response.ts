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

/** What an authorization response may bring (RFC 6749 §4.1.2, RFC 9207, JARM §2.3, OpenID Connect Core §3.3.2.5). */
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

/** An answer that was good for its login. */
export interface AuthorizationGrant {
  code: string;
  /** Who signed in, where the answer has an id_token; the one of the token request must say the same. */
  subject?: string;
  /** Who says so, where the answer names its issuer; the id_token must have the same. */
  issuer?: string;
}

/**
 * Returns the state that an answer claims, which is only used to find the pending login. In an answer that is a JWT (JARM),
 * nothing is verified yet.
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
 * Opens an answer that is a signed JWT (JARM), or returns a plain one as it is.
 * @throws {OAuthError} `invalid_request` when the JWT is not the provider's, is not for this client or login, or has expired
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
 * Refuses an answer of another provider than the one that was asked (RFC 9207, mix-up). One with an id_token says it there,
 * and {@link readGrant} checks that.
 * @throws {OAuthError} `invalid_request`
 */
export function checkIssuer(provider: Provider, { iss, id_token: idToken, error }: AuthorizationResponse): void {
  const { issuer, authorization_response_iss_parameter_supported: promised } = provider.server;
  const required = promised && (idToken === undefined || error !== undefined);
  // of a provider with many tenants, it is the issuer of one of them, which the id_token must name too
  const isProviders = isTenantTemplate(issuer) ? tenantIn(issuer, iss) !== undefined : iss === issuer;
  if (!knowsIssuer(provider) || isProviders || (iss === undefined && !required)) return;
  throw unexpected(
    iss === undefined
      ? `the callback does not say who it is from (iss), expected ${shown(issuer)}`
      : `the callback is from ${shown(iss)}, expected ${shown(issuer)}`,
  );
}

/**
 * Checks an answer, whose login was found, and gives its code (RFC 6749 §4.1.2).
 * @throws {OAuthError} `invalid_request` when it has no code, or is not of the kind that the login asked for
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

/** The answer to `code id_token` (OpenID Connect Core §3.3.2.8 to §3.3.2.10). */
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
