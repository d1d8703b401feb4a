import type { JsonWebKey } from 'node:crypto';
import {
  genericTokenEndpointRequest,
  getValidatedIdTokenClaims,
  processGenericTokenEndpointResponse,
  validateApplicationLevelSignature,
  type TokenEndpointResponse as CheckedAnswer,
} from 'oauth4webapi';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { tokenBindingOf } from '../../config/token-binding.js';
import { formEntries } from '../../http/query.js';
import type { OAuthError } from '../../errors/oauth.errors.js';
import { InvalidTokenError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import { serverAttributes, traced } from '../../observability/telemetry.js';
import { readOAuth2TokenResponse } from '../../token/token-response.js';
import type { OAuth2Token } from '../../token/token.js';
import { endpointAsksForNonce, withProofs, type DpopProofs } from '../client/dpop-proofs.js';
import { checkIdToken, type IdTokenChecks, type IdTokenClaims } from '../openid/id-token.js';
import { providerOfIdToken, type VerifyingProvider } from '../provider/jwt-provider.js';
import { jsonResponse, withData } from '../provider/endpoint-fetch.js';
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
import { checkJwt } from '../wire/jwt.js';
import { RefusedInput } from '../wire/refused-input.js';
import { normalizeTokenResponse } from './token-response.js';

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
  /** The grant's own checks, instead of those that all answers pass; `verifier` is the provider of the answer's id_token. */
  check?: (response: Response, verifier: VerifyingProvider) => Promise<CheckedAnswer>;
  /** Whether an answer without an id_token is refused, where the provider's issuer is known. */
  expectsIdToken?: boolean;
  /** What the id_token is checked against, beyond that. */
  idToken?: IdTokenChecks;
  /**
   * Whether the token is returned beside the error of a check that failed, instead of that error being thrown: its refresh
   * token may be the only one that still works.
   */
  keepsToken?: boolean;
}

/** A token, and the claims of the id_token that came with it, where the provider's issuer is known. */
export interface TokenGrant {
  token: OAuth2Token;
  claims?: IdTokenClaims;
  /** Where the request says `keepsToken`: why the answer must not be used as it is (its type, or a hook that broke). */
  fault?: OAuthError;
  /** Where the request says `keepsToken`: why the id_token must not be used. */
  idTokenFault?: OAuthError;
}

/** A token response that was read, and not checked yet. */
interface TokenAnswer {
  token: OAuth2Token;
  /** The `id_token`, whatever it is. */
  idToken: unknown;
  /** What a hook threw; the answer is then used as it came. */
  fault?: OAuthError;
}

const NO_ID_TOKEN =
  'the token response has no id_token, expected one for this login, which sent a nonce or a max_age. Check that the scope of ' +
  'this client has "openid", and that the provider grants it';

/**
 * Asks for a token and checks the answer, its id_token and that one's signature too.
 * @throws {OAuthError} the provider's error (RFC 6749 §5.2)
 * @throws {InvalidTokenError} for an answer that a check refused
 */
export async function tokenRequest(provider: Provider, request: TokenRequest): Promise<TokenGrant> {
  const attributes = {
    'oauth.client.name': provider.config.name,
    'oauth.grant_type': request.grantType,
    ...serverAttributes(new URL(requireEndpoint(provider, 'token_endpoint'))),
  };
  return traced('oauth.token_request', attributes, () =>
    withProofs(provider.dpopKeys, (proofs) => attempt(provider, request, proofs)),
  );
}

async function attempt(provider: Provider, request: TokenRequest, proofs: DpopProofs): Promise<TokenGrant> {
  const secrets = secretsIn(request.parameters);
  let answer: TokenAnswer;
  try {
    answer = await send(provider, request, proofs);
  } catch (error) {
    throw refusedAnswer(error, 'token response', secrets);
  }
  const { token, idToken } = answer;
  const fault = unexpectedType(token, typesFor(request)) ?? answer.fault;
  if (fault && !request.keepsToken) throw fault;
  try {
    return { token, claims: await checkedClaims(provider, request, token, idToken), fault };
  } catch (error) {
    const idTokenFault = refusedAnswer(error, 'id_token', secrets);
    if (!request.keepsToken) throw idTokenFault;
    return { token, fault, idTokenFault };
  }
}

/** Returns the token types that an answer may have; the first is that of an answer that names none. */
function typesFor({ dpopKey, tokenTypes = [dpopKey ? 'dpop' : 'bearer'] }: TokenRequest): readonly string[] {
  return tokenTypes;
}

/** RFC 6749 §7.1: a token of a type that was not asked for must not be used. */
function unexpectedType({ tokenType }: OAuth2Token, expected: readonly string[]): OAuthError | undefined {
  if (expected.includes(tokenType)) return undefined;
  return new UnsupportedTokenTypeError({
    description: `the token endpoint gave a token of a type other than "${expected.includes('dpop') ? 'DPoP' : 'Bearer'}"`,
  });
}

/** Checks the id_token and its signature, where the provider's issuer is known; returns no claims where there is none. */
async function checkedClaims(
  provider: Provider,
  { check, expectsIdToken, idToken: checks }: TokenRequest,
  token: OAuth2Token,
  idToken: unknown,
): Promise<IdTokenClaims | undefined> {
  if (!knowsIssuer(provider)) return undefined;
  if (idToken === undefined || idToken === null || idToken === '') {
    if (expectsIdToken) throw new InvalidTokenError({ description: NO_ID_TOKEN });
    return undefined;
  }
  if (typeof idToken !== 'string') throw new RefusedInput('it is not a string');
  checkJwt(idToken);
  const verifier = await providerOfIdToken(provider, idToken);
  const { server, client } = verifier;
  const options = signatureOptions(verifier);
  // of the token itself, nothing is left to check
  const response = jsonResponse({ access_token: token.accessToken, token_type: 'bearer', id_token: idToken });
  const checked = await (check?.(response, verifier) ??
    processGenericTokenEndpointResponse(server, client, response, options));
  const claims = getValidatedIdTokenClaims(checked);
  if (!claims) return undefined;
  await validateApplicationLevelSignature(server, response, options);
  return checkIdToken(provider, token, claims, checks);
}

async function send(provider: Provider, request: TokenRequest, proofs: DpopProofs): Promise<TokenAnswer> {
  const { server, client, config } = provider;
  const authentication = authenticationAt(provider, 'token_endpoint');
  const { grantType, parameters, dpopKey, method } = request;
  const endpoint = requireEndpoint(provider, 'token_endpoint');
  const answers: TokenAnswer[] = [];
  const options = endpointOptions(provider, {
    method,
    request: (sent) => (grantType === 'refresh_token' ? config.compliance.run('refresh_token_request', sent) : sent),
    response: async (answer) => {
      if (dpopKey) proofs.receive(endpoint, answer.headers, endpointAsksForNonce(answer));
      answers.push(await readAnswer(provider, request, answer));
      return new Response(); // nothing else reads it
    },
  });
  const proof = dpopKey && (await proofs.make(dpopKey, { method: method ?? 'POST', url: endpoint }));
  const form = new URLSearchParams(formEntries(parameters));
  await genericTokenEndpointRequest(server, client, authentication, grantType, form, {
    ...options,
    ...(proof && { headers: { dpop: proof } }),
  });
  const [read] = answers;
  if (!read) throw new TypeError('no request was sent');
  return read;
}

/** Reads an answer after its compliance hooks. If they break one that has a token, it is used as it came. */
async function readAnswer(
  provider: Provider,
  request: TokenRequest,
  answer: TokenEndpointResponse,
): Promise<TokenAnswer> {
  const { grantType, parameters, keepsToken } = request;
  const hook = grantType === 'refresh_token' ? 'refresh_token_response' : 'access_token_response';
  const asItCame = { ...answer };
  try {
    return readToken(provider, request, await provider.config.compliance.run(hook, answer));
  } catch (error) {
    const token = keepsToken ? tokenWithoutHooks(provider, request, asItCame) : undefined;
    if (!token) throw error;
    return { ...token, fault: refusedAnswer(error, 'token response', secretsIn(parameters)) };
  }
}

function tokenWithoutHooks(
  provider: Provider,
  request: TokenRequest,
  answer: TokenEndpointResponse,
): TokenAnswer | undefined {
  try {
    return readToken(provider, request, withData(answer)); // the hooks may have changed `data`
  } catch {
    return undefined;
  }
}

function readToken(provider: Provider, request: TokenRequest, answer: TokenEndpointResponse): TokenAnswer {
  const fields = normalizeTokenResponse(answer, request.grantType);
  const [expectedType = 'bearer'] = typesFor(request);
  return {
    token: bound(provider, request.dpopKey, readOAuth2TokenResponse(fields, expectedType)),
    idToken: fields.id_token,
  };
}

/** Binds a token to its provider and client, and to its DPoP key, unless the settings name that key. */
function bound({ config }: Provider, dpopKey: JsonWebKey | undefined, token: OAuth2Token): OAuth2Token {
  const isTokensOwn = dpopKey !== undefined && dpopKey !== config.dpopKey;
  return { ...token, ...tokenBindingOf(config), ...(isTokensOwn && { dpopKey }) };
}
