import type { JWK } from 'jose';
import {
  genericTokenEndpointRequest,
  getValidatedIdTokenClaims,
  processGenericTokenEndpointResponse,
  type TokenEndpointResponse as CheckedAnswer,
} from 'oauth4webapi';
import type { TokenRequestSettings } from '../../config/wire-settings.js';
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
import { verifyIdTokenSignature } from '../openid/id-token-signature.js';
import { providerOfIdToken, type VerifyingProvider } from '../provider/jwt-provider.js';
import { jsonResponse, withData } from '../provider/endpoint-fetch.js';
import { refusedResponse } from '../provider/failed-check.js';
import {
  authenticationAt,
  endpointOptions,
  knowsIssuer,
  requireEndpoint,
  signatureOptions,
  type Provider,
} from '../provider/provider.js';
import { secretsIn } from '../provider/sent-values.js';
import { methodOf } from '../provider/token-request-format.js';
import { checkJwt } from '../wire/jwt.js';
import { scopeParameter } from '../wire/parameters.js';
import { RefusedInput } from '../wire/refused-input.js';
import { normalizeTokenResponse } from './token-response.js';

/** One request to the token endpoint (RFC 6749 §3.2). */
export interface TokenRequest {
  grantType: string;
  /** Parameters by their wire names. Absent values are omitted. */
  parameters: Record<string, unknown>;
  /** Private JWK to which the token is bound (RFC 9449). */
  dpopKey?: JWK;
  /** Accepted token types, in lower case. @default `dpop` with a key, or else `bearer` */
  tokenTypes?: readonly string[];
  /** How the request differs from the specification. @default the client's `tokenRequest` */
  format?: TokenRequestSettings;
  /** The `grant_type` that is sent, if the provider has another name for it. @default `grantType` */
  sentGrantType?: string;
  /** The checks of the grant, which replace the general checks. `verifier` is the provider for the validation of the id_token. */
  check?: (response: Response, verifier: VerifyingProvider) => Promise<CheckedAnswer>;
  /** Whether a response without an id_token is refused if the provider's issuer is known. */
  expectsIdToken?: boolean;
  /** Additional expected values of the id_token. */
  idToken?: IdTokenChecks;
  /**
   * Whether the token is returned together with the error of a failed check, instead of throwing the error: its refresh token may be
   * the only valid one.
   */
  keepsToken?: boolean;
}

/** A token, and the claims of its id_token if the provider's issuer is known. */
export interface TokenGrant {
  token: OAuth2Token;
  claims?: IdTokenClaims;
  /** With `keepsToken`: why the response must not be used (the token type, or a hook that failed). */
  fault?: OAuthError;
  /** With `keepsToken`: why the id_token must not be used. */
  idTokenFault?: OAuthError;
}

/** A token response that is not validated yet. */
interface TokenAnswer {
  token: OAuth2Token;
  /** The unchecked `id_token`. */
  idToken: unknown;
  /** The error of a hook. The response before the hook is used. */
  fault?: OAuthError;
}

const NO_ID_TOKEN =
  'the token response has no id_token, expected one for this login, which sent a nonce or a max_age. Check that the scope of ' +
  'this client has "openid", and that the provider grants it';

/**
 * Requests a token. Validates the response, and the id_token with its signature.
 * @throws {OAuthError} when the provider responds with an error (RFC 6749 §5.2)
 * @throws {InvalidTokenError} when a check refuses the response
 */
export async function tokenRequest(provider: Provider, request: TokenRequest): Promise<TokenGrant> {
  const endpoint = requireEndpoint(provider, 'token_endpoint');
  const attributes = () => ({
    'oauth.client.name': provider.config.name,
    'oauth.grant_type': request.grantType,
    ...serverAttributes(new URL(endpoint)),
  });
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
    throw refusedResponse(error, 'token response', secrets);
  }
  const { token, idToken } = answer;
  const fault = unexpectedType(token, typesFor(request)) ?? answer.fault;
  if (fault && !request.keepsToken) throw fault;
  try {
    return { token, claims: await checkedClaims(provider, request, token, idToken), fault };
  } catch (error) {
    const idTokenFault = refusedResponse(error, 'id_token', secrets);
    if (!request.keepsToken) throw idTokenFault;
    return { token, fault, idTokenFault };
  }
}

/** Returns the accepted token types. The first type is used for a response without a type. */
function typesFor({ dpopKey, tokenTypes = [dpopKey ? 'dpop' : 'bearer'] }: TokenRequest): readonly string[] {
  return tokenTypes;
}

/** Returns the error for an unexpected token type. Such a token must not be used (RFC 6749 §7.1). */
function unexpectedType({ tokenType }: OAuth2Token, expected: readonly string[]): OAuthError | undefined {
  if (expected.includes(tokenType)) return undefined;
  return new UnsupportedTokenTypeError({
    description: `the token endpoint gave a token of a type other than "${expected.includes('dpop') ? 'DPoP' : 'Bearer'}"`,
  });
}

/** Validates the id_token and its signature if the provider's issuer is known. Returns its claims, or undefined if there is none. */
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
  // the access token is already validated
  const response = jsonResponse({ access_token: token.accessToken, token_type: 'bearer', id_token: idToken });
  const checked = await (check?.(response, verifier) ??
    processGenericTokenEndpointResponse(server, client, response, options));
  const claims = getValidatedIdTokenClaims(checked);
  if (!claims) return undefined;
  await verifyIdTokenSignature(verifier);
  return checkIdToken(provider, token, claims, checks);
}

async function send(provider: Provider, request: TokenRequest, proofs: DpopProofs): Promise<TokenAnswer> {
  const { server, client, config } = provider;
  const authentication = authenticationAt(provider, 'token_endpoint');
  const { grantType, dpopKey, sentGrantType = grantType, format = config.tokenRequest ?? {} } = request;
  const parameters = {
    ...request.parameters,
    scope: scopeParameter(request.parameters.scope, config.scopeSeparator),
  };
  const endpoint = requireEndpoint(provider, 'token_endpoint');
  const answers: TokenAnswer[] = [];
  const options = endpointOptions(provider, {
    format,
    request: (sent) => (grantType === 'refresh_token' ? config.compliance.run('refresh_token_request', sent) : sent),
    response: async (answer) => {
      if (dpopKey) proofs.receive(endpoint, answer.headers, endpointAsksForNonce(answer));
      answers.push(await readAnswer(provider, request, answer));
      return new Response(); // `oauth4webapi` does not read it
    },
  });
  const proof = dpopKey && (await proofs.make(dpopKey, { method: methodOf(format), url: endpoint }));
  const form = new URLSearchParams(formEntries(parameters));
  await genericTokenEndpointRequest(server, client, authentication, sentGrantType, form, {
    ...options,
    ...(proof && { headers: { dpop: proof } }),
  });
  const [read] = answers;
  if (!read) throw new TypeError('no request was sent');
  return read;
}

/** Reads a response after the compliance hooks. If a hook fails although the response has a token, uses the response before the hook. */
async function readAnswer(
  provider: Provider,
  request: TokenRequest,
  answer: TokenEndpointResponse,
): Promise<TokenAnswer> {
  const { grantType, parameters, keepsToken } = request;
  const hook = grantType === 'refresh_token' ? 'refresh_token_response' : 'access_token_response';
  const unchanged = { ...answer };
  try {
    return readToken(provider, request, await provider.config.compliance.run(hook, answer));
  } catch (error) {
    const token = keepsToken ? tokenWithoutHooks(provider, request, unchanged) : undefined;
    if (!token) throw error;
    return { ...token, fault: refusedResponse(error, 'token response', secretsIn(parameters)) };
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
  const fields = normalizeTokenResponse(answer, request.grantType, provider.config);
  const [expectedType = 'bearer'] = typesFor(request);
  return {
    token: bound(provider, request.dpopKey, readOAuth2TokenResponse(fields, expectedType)),
    idToken: fields.id_token,
  };
}

/** Binds a token to its provider and client, and to its DPoP key if the key is not in the settings. */
function bound({ config }: Provider, dpopKey: JWK | undefined, token: OAuth2Token): OAuth2Token {
  const hasNewKey = dpopKey !== undefined && dpopKey !== config.dpopKey;
  return { ...token, ...tokenBindingOf(config), ...(hasNewKey && { dpopKey }) };
}
