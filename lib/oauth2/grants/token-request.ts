import type { JsonWebKey } from 'node:crypto';
import {
  genericTokenEndpointRequest,
  getValidatedIdTokenClaims,
  processGenericTokenEndpointResponse,
  validateApplicationLevelSignature,
  type TokenEndpointResponse as CheckedAnswer,
} from 'oauth4webapi';
import { tokenBindingOf } from '../../config/token-binding.js';
import { formEntries } from '../../http/query.js';
import { OAuthError } from '../../oauth.errors.js';
import { serverAttributes, traced } from '../../observability/telemetry.js';
import { readOAuth2TokenResponse } from '../../token/token-response.js';
import type { OAuth2Token } from '../../token/token.js';
import { checkIdToken, type IdTokenChecks, type IdTokenClaims } from '../openid/id-token.js';
import { refusedAnswer } from '../provider/failed-check.js';
import {
  authenticationAt,
  endpointOptions,
  knowsIssuer,
  requireEndpoint,
  signatureOptions,
  type Provider,
} from '../provider/provider.js';
import { secretsIn } from '../provider/sent-values.js';
import { normalizeTokenResponse, type NormalizedResponse } from './token-answer.js';

/** One request to the token endpoint (RFC 6749 §3.2). */
export interface TokenRequest {
  grantType: string;
  /** By their wire names; what is absent is left out. */
  parameters: Record<string, unknown>;
  /** Private JWK that the token is to be bound to (RFC 9449). */
  dpopKey?: JsonWebKey;
  /** In lower case. @default `dpop` with a key, else `bearer` */
  tokenTypes?: readonly string[];
  /** `GET`, for the providers that have it so. */
  method?: string;
  /** The grant's own checks, instead of those that all answers pass. */
  check?: (response: Response) => Promise<CheckedAnswer>;
  /** What the id_token is checked against, beyond that. */
  idToken?: IdTokenChecks;
}

/** A token, and the claims of the id_token that came with it, where the provider's issuer is known. */
export interface TokenGrant {
  token: OAuth2Token;
  claims?: IdTokenClaims;
}

/** What a token exchange gives need not be an access token (RFC 8693 §2.2.1); `normalizeTokenResponse()` lets it pass there alone. */
const NOT_A_TOKEN_TYPE = { n_a: () => undefined };

/**
 * Asks for a token and checks the answer, its id_token and that one's signature too.
 * @throws {OAuthError} the provider's error (RFC 6749 §5.2)
 * @throws {InvalidTokenError} for an answer that a check refused
 */
export async function requestToken(provider: Provider, request: TokenRequest): Promise<TokenGrant> {
  const attributes = {
    'oauth.client.name': provider.config.name,
    'oauth.grant_type': request.grantType,
    ...serverAttributes(new URL(requireEndpoint(provider, 'token_endpoint'))),
  };
  return traced('oauth.token_request', attributes, () => attemptTwice(provider, request));
}

/** A second time with the nonce that the first answer brought (RFC 9449 §8). */
async function attemptTwice(provider: Provider, request: TokenRequest): Promise<TokenGrant> {
  try {
    return await attempt(provider, request);
  } catch (error) {
    if (request.dpopKey && asksForNonce(error)) return attempt(provider, request);
    throw error;
  }
}

async function attempt(provider: Provider, request: TokenRequest): Promise<TokenGrant> {
  const { server, client } = provider;
  const options = signatureOptions(provider);
  const anyGrant = (response: Response): Promise<CheckedAnswer> =>
    processGenericTokenEndpointResponse(server, client, response, {
      ...options,
      recognizedTokenTypes: NOT_A_TOKEN_TYPE,
    });
  const { check = anyGrant, dpopKey, idToken } = request;
  try {
    const { response, uncheckedIdToken } = await send(provider, request);
    const answer = await check(response);
    const fields = uncheckedIdToken === undefined ? answer : { ...answer, id_token: uncheckedIdToken };
    const token = bound(provider, dpopKey, readOAuth2TokenResponse(fields));
    const claims = getValidatedIdTokenClaims(answer);
    if (!claims) return { token };
    await validateApplicationLevelSignature(server, response, options);
    return { token, claims: await checkIdToken(provider, token, claims, idToken) };
  } catch (error) {
    throw refusedAnswer(error, 'id_token', secretsIn(request.parameters));
  }
}

async function send(provider: Provider, request: TokenRequest): Promise<NormalizedResponse> {
  const { server, client, dpopKeys, config } = provider;
  const authentication = authenticationAt(provider, 'token_endpoint');
  const { grantType, parameters, dpopKey, tokenTypes = [dpopKey ? 'dpop' : 'bearer'], method } = request;
  const endpoint = requireEndpoint(provider, 'token_endpoint');
  const isRefresh = grantType === 'refresh_token';
  let uncheckedIdToken: unknown;
  const options = endpointOptions(provider, {
    method,
    request: (sent) => (isRefresh ? config.compliance.run('refresh_token_request', sent) : sent),
    response: async (answer) => {
      dpopKeys.learnNonce(endpoint, answer.headers);
      const mended = await config.compliance.run(
        isRefresh ? 'refresh_token_response' : 'access_token_response',
        answer,
      );
      const normalized = normalizeTokenResponse(mended, { checksIdToken: knowsIssuer(provider), tokenTypes });
      ({ uncheckedIdToken } = normalized);
      return normalized.response;
    },
  });
  const proof = dpopKey && (await dpopKeys.proof(dpopKey, { method: method ?? 'POST', url: endpoint }));
  const form = new URLSearchParams(formEntries(parameters));
  const response = await genericTokenEndpointRequest(server, client, authentication, grantType, form, {
    ...options,
    ...(proof && { headers: { dpop: proof } }),
  });
  return { response, uncheckedIdToken };
}

/** RFC 9449 §8: the answer brought the nonce that the next proof has. */
function asksForNonce(error: unknown): boolean {
  return error instanceof OAuthError && error.error === 'use_dpop_nonce';
}

/** Binds a token to its provider and client, and to its DPoP key, unless the settings name that key. */
function bound({ config }: Provider, dpopKey: JsonWebKey | undefined, token: OAuth2Token): OAuth2Token {
  const isTokensOwn = dpopKey !== undefined && dpopKey !== config.dpopKey;
  return { ...token, ...tokenBindingOf(config), ...(isTokensOwn && { dpopKey }) };
}
