import { decodeJwt } from 'jose';
import {
  expectNoNonce,
  processAuthorizationCodeResponse,
  type ProcessAuthorizationCodeResponseOptions,
} from 'oauth4webapi';
import type { JsonWebKey } from 'node:crypto';
import type { RequestParameters } from '../../config/client-settings.js';
import type { VerifyingProvider } from '../provider/jwt-provider.js';
import { knowsIssuer, signatureOptions, type Provider } from '../provider/provider.js';
import { RefusedInput } from '../wire/refused-input.js';
import { tokenRequest, type TokenGrant } from './token-request.js';

/** What the callback and the pending login bring to the token request (RFC 6749 §4.1.3). */
export interface CodeExchange {
  grantType?: 'authorization_code';
  code: string;
  /** The one of the authorization request. */
  redirectUri?: string;
  codeVerifier?: string;
  nonce?: string;
  /** `max_age` of the authorization request, in seconds. */
  maxAge?: number;
  /** `acr_values` of the authorization request. */
  acrValues?: string[];
  /** `resource` of the authorization request (RFC 8707 §2.2). */
  resource?: string[];
  /** Who must have signed in. */
  subject?: string;
  /** Who says that the user has signed in, where the callback names it (RFC 9207). */
  issuer?: string;
  /** Private JWK that the token is bound to (RFC 9449). */
  dpopKey?: JsonWebKey;
  /** Further parameters, by their wire names. */
  params?: RequestParameters;
}

/** Exchanges an authorization code for a token (RFC 6749 §4.1.3), and checks its id_token where the issuer is known. */
export async function authorizationCodeRequest(provider: Provider, exchange: CodeExchange): Promise<TokenGrant> {
  const { config } = provider;
  const { method, ...configured } = config.accessTokenParams;
  const { code, redirectUri, codeVerifier, nonce, maxAge, acrValues, subject, issuer, params } = exchange;
  const grant = await tokenRequest(provider, {
    grantType: 'authorization_code',
    parameters: {
      resource: exchange.resource ?? config.resource,
      ...configured,
      ...params,
      code,
      redirect_uri: redirectUri,
      code_verifier: codeVerifier,
    },
    dpopKey: config.dpopBoundAccessTokens ? (exchange.dpopKey ?? config.dpopKey) : undefined,
    method: typeof method === 'string' ? method.toUpperCase() : undefined,
    check: (response, verifier) =>
      processAuthorizationCodeResponse(verifier.server, verifier.client, response, {
        ...(knowsIssuer(provider) && { ...nonceCheck(verifier, nonce), maxAge }),
        ...signatureOptions(verifier),
      }),
    expectsIdToken: nonce !== undefined || maxAge !== undefined,
    idToken: { subject, issuer, acrValues },
  });
  const { resource } = exchange;
  const isConfigured = resource === undefined || String(resource) === String(config.resource);
  return isConfigured ? grant : { ...grant, token: { ...grant.token, resource } };
}

/**
 * Returns what the nonce of an id_token must be, for a login that sent one.
 * @throws {RefusedInput} when the id_token has no nonce, unless the settings allow that
 */
function nonceCheck(
  { config, jwt }: VerifyingProvider,
  nonce: string | undefined,
): Pick<ProcessAuthorizationCodeResponseOptions, 'expectedNonce' | 'requireIdToken'> {
  if (nonce === undefined || decodeJwt(jwt.jws).nonce !== undefined) return { expectedNonce: nonce };
  if (config.allowMissingNonce) return { expectedNonce: expectNoNonce, requireIdToken: true };
  throw new RefusedInput(
    'JWT "nonce" claim missing; the provider did not repeat the nonce that this login sent. If it never does (LinkedIn), ' +
      'set allow_missing_nonce',
  );
}
