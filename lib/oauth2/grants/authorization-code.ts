import type { JWK } from 'jose';
import { decodeJwt } from 'jose/jwt/decode';
import {
  expectNoNonce,
  processAuthorizationCodeResponse,
  type ProcessAuthorizationCodeResponseOptions,
} from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { RequestParameters } from '../../config/client-settings.js';
import { hasOtherOrigin } from '../../config/issuer-faults.js';
import type { VerifyingProvider } from '../provider/jwt-provider.js';
import { knowsIssuer, signatureOptions, type Provider } from '../provider/provider.js';
import { RefusedInput } from '../wire/refused-input.js';
import { longLivedToken } from './long-lived-token.js';
import { tokenRequest, type TokenGrant } from './token-request.js';

/** The values of the callback and of the pending login for the token request (RFC 6749 §4.1.3). */
export interface CodeExchange {
  grantType?: 'authorization_code';
  code: string;
  /** `redirect_uri` of the authorization request. `registeredRedirectUri` of the settings replaces it. */
  redirectUri?: string;
  codeVerifier?: string;
  nonce?: string;
  /** `max_age` of the authorization request, in seconds. */
  maxAge?: number;
  /** `acr_values` of the authorization request. */
  acrValues?: string[];
  /** `resource` of the authorization request (RFC 8707 §2.2). */
  resource?: string[];
  /** The expected `sub` of the id_token. */
  subject?: string;
  /** The expected `iss` of the id_token, if the callback contains it (RFC 9207). */
  issuer?: string;
  /** Private JWK to which the token is bound (RFC 9449). */
  dpopKey?: JWK;
  /** Additional parameters, by their wire names. */
  params?: RequestParameters;
}

/** Exchanges an authorization code for a token (RFC 6749 §4.1.3). Validates the id_token if the issuer is known. */
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
      redirect_uri: config.registeredRedirectUri ?? redirectUri,
      code_verifier: codeVerifier,
    },
    dpopKey: config.dpopBoundAccessTokens ? (exchange.dpopKey ?? config.dpopKey) : undefined,
    format: { ...config.tokenRequest, ...(isGet(method) && { format: 'query' }) },
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
  const token = isConfigured ? grant.token : { ...grant.token, resource };
  return { ...grant, token: await longLivedToken(provider, token) };
}

/** Returns whether `accessTokenParams.method` requires a GET. */
function isGet(method: unknown): boolean {
  return typeof method === 'string' && method.toUpperCase() === 'GET';
}

/**
 * Returns the options for the nonce check of an id_token.
 * @throws {RefusedInput} when the login sent a nonce, the id_token has none, and the settings do not allow this; or when a tenant's
 * token endpoint returned an id_token for a login without a nonce
 */
function nonceCheck(
  { config, jwt }: VerifyingProvider,
  nonce: string | undefined,
): Pick<ProcessAuthorizationCodeResponseOptions, 'expectedNonce' | 'requireIdToken'> {
  if (nonce === undefined && hasForeignTokenEndpoint(config)) {
    throw new RefusedInput(
      'the login did not ask for it, and a token endpoint that is not at the issuer could return one of another login. Add openid ' +
        'to the scope, or remove access_token_url',
    );
  }
  if (nonce === undefined || decodeJwt(jwt.jws).nonce !== undefined) return { expectedNonce: nonce };
  if (config.allowMissingNonce) return { expectedNonce: expectNoNonce, requireIdToken: true };
  throw new RefusedInput(
    'JWT "nonce" claim missing; the provider did not repeat the nonce that this login sent. If it never does (LinkedIn), ' +
      'set allow_missing_nonce',
  );
}

/** Returns whether a tenant's settings name a token endpoint that is not at the issuer. */
function hasForeignTokenEndpoint({
  registeredAtRunTime,
  accessTokenUrl,
  issuer,
  serverMetadataUrl,
}: OAuth2ClientConfig): boolean {
  return registeredAtRunTime && hasOtherOrigin(accessTokenUrl, issuer ?? serverMetadataUrl);
}
