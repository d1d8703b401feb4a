import {
  customFetch,
  genericTokenEndpointRequest,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  validateApplicationLevelSignature,
  type IDToken,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import type { RequestParameters } from '../config/client-settings.js';
import { readOAuth2Token, type OAuth2Token } from '../token/token.js';
import { endpointFetch, type Passage } from './endpoint-fetch.js';
import { refusedAnswer } from './provider-error.js';
import { ALLOW_HTTP, clientAuthentication, clientOf, knowsIssuer, requireEndpoint, type Provider } from './provider.js';
import { mendTokenAnswer } from './token-answer.js';

/** Claims of an id_token whose signature, issuer, audience, times and nonce were checked (OpenID Connect Core §2). */
export type IdTokenClaims = IDToken;

/** What the callback and the pending login bring to the token request (RFC 6749 §4.1.3). */
export interface CodeExchange {
  code: string;
  /** The one of the authorisation request. */
  redirectUri?: string;
  codeVerifier?: string;
  nonce?: string;
  /** Further parameters, by their wire names. */
  params?: RequestParameters;
}

/** Exchanges an authorisation code for a token (RFC 6749 §4.1.3), and checks its id_token where the issuer is known. */
export async function exchangeCode(
  provider: Provider,
  exchange: CodeExchange,
): Promise<{ token: OAuth2Token; claims?: IdTokenClaims }> {
  const { compliance, accessTokenParams } = provider.config;
  const { method, ...configured } = accessTokenParams;
  const parameters = formParameters({
    ...configured,
    ...exchange.params,
    code: exchange.code,
    redirect_uri: exchange.redirectUri,
    code_verifier: exchange.codeVerifier,
  });
  const request = requestToken(provider, 'authorization_code', parameters, {
    method: typeof method === 'string' ? method.toUpperCase() : undefined,
    response: async (response) =>
      mendTokenAnswer(await compliance.run('access_token_response', response), knowsIssuer(provider)),
  });
  return readAnswer(provider, request, (response) =>
    processAuthorizationCodeResponse(provider.server, clientOf(provider), response, {
      expectedNonce: knowsIssuer(provider) ? exchange.nonce : undefined,
    }),
  );
}

/** Exchanges a refresh token for a new token (RFC 6749 §6); without a new refresh token, the old one stays. */
export async function refreshToken(provider: Provider, refresh_token: string): Promise<OAuth2Token> {
  const { compliance, refreshTokenUrl, refreshTokenParams } = provider.config;
  const parameters = formParameters({ ...refreshTokenParams, refresh_token });
  const server = refreshTokenUrl ? { ...provider.server, token_endpoint: refreshTokenUrl } : provider.server;
  const request = requestToken({ ...provider, server }, 'refresh_token', parameters, {
    request: (endpointRequest) => compliance.run('refresh_token_request', endpointRequest),
    response: async (response) =>
      mendTokenAnswer(await compliance.run('refresh_token_response', response), knowsIssuer(provider)),
  });
  const { token } = await readAnswer(provider, request, (response) =>
    processRefreshTokenResponse(provider.server, clientOf(provider), response),
  );
  return { refreshToken: refresh_token, ...token };
}

function requestToken(
  provider: Provider,
  grantType: string,
  parameters: URLSearchParams,
  passage: Passage,
): Promise<Response> {
  requireEndpoint(provider, 'token_endpoint');
  return genericTokenEndpointRequest(
    provider.server,
    clientOf(provider),
    clientAuthentication(provider),
    grantType,
    parameters,
    { ...ALLOW_HTTP, [customFetch]: endpointFetch(provider.http, provider.config, passage) },
  );
}

async function readAnswer(
  provider: Provider,
  request: Promise<Response>,
  process: (response: Response) => Promise<TokenEndpointResponse>,
): Promise<{ token: OAuth2Token; claims?: IdTokenClaims }> {
  try {
    const response = await request;
    const answer = await process(response);
    const claims = getValidatedIdTokenClaims(answer);
    if (claims) {
      await validateApplicationLevelSignature(provider.server, response, {
        ...ALLOW_HTTP,
        [customFetch]: endpointFetch(provider.http, provider.config),
      });
    }
    return { token: readOAuth2Token(answer), claims };
  } catch (error) {
    throw refusedAnswer(error);
  }
}

function formParameters(parameters: Record<string, string | number | boolean | undefined>): URLSearchParams {
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return new URLSearchParams(present.map(([name, value]): [string, string] => [name, String(value)]));
}
