import {
  introspectionRequest,
  processIntrospectionResponse,
  revocationRequest,
  type IntrospectionResponse,
} from 'oauth4webapi';
import { hasMediaType } from '../../common/media-type.js';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { readInstant } from '../../token/expiry.js';
import type { OAuth2Token } from '../../token/token.js';
import { endpointAsksForNonce, withProofs } from '../client/dpop-proofs.js';
import { readClaims } from '../wire/claims.js';
import { providerOfJwt, verifySignature } from '../provider/jwt-provider.js';
import { endpointResponseReader, refuseEndpointError } from '../provider/endpoint-error.js';
import { responseAfterHooks } from '../provider/endpoint-fetch.js';
import { refusedResponse } from '../provider/failed-check.js';
import {
  authenticationAt,
  endpointOptions,
  requireEndpoint,
  signatureOptions,
  type Provider,
} from '../provider/provider.js';
import { checkJwt } from '../wire/jwt.js';
import { RefusedInput } from '../wire/refused-input.js';

/** An introspection response (RFC 7662 §2.2). `active` says whether the token is valid. */
export type TokenIntrospection = IntrospectionResponse;

/** The type of the token in the request (RFC 7009 §2.1). */
type TokenTypeHint = 'access_token' | 'refresh_token';

/**
 * Revokes the refresh token, which ends the whole grant, or else the access token (RFC 7009 §2). Accepts every 2xx status, because
 * many providers respond with 204. Sends a proof for a token that is bound to a key (RFC 9449).
 */
export async function revokeToken(provider: Provider, revoked: OAuth2Token): Promise<void> {
  const { server, client } = provider;
  const { accessToken, refreshToken, tokenType } = revoked;
  const token = refreshToken ?? accessToken;
  const hint = refreshToken === undefined ? 'access_token' : 'refresh_token';
  const dpopKey = tokenType === 'dpop' ? (revoked.dpopKey ?? provider.config.dpopKey) : undefined;
  const url = requireEndpoint(provider, 'revocation_endpoint');
  const authentication = authenticationAt(provider, 'revocation_endpoint');
  await withProofs(provider.dpopKeys, async (proofs) => {
    const options = managementOptions(provider, 'revoke_token_request', hint, (answer) => {
      if (dpopKey) proofs.receive(url, answer.headers, endpointAsksForNonce(answer));
      refuseEndpointError('revocation', answer);
      return responseAfterHooks(answer);
    });
    const headers = dpopKey && { dpop: await proofs.make(dpopKey, { method: 'POST', url }) };
    try {
      await revocationRequest(server, client, authentication, token, { ...options, ...(headers && { headers }) });
    } catch (error) {
      throw refusedResponse(error, 'answer to the revocation', [token]);
    }
  });
}

/** Introspects an access token (RFC 7662 §2). Validates a signed response (RFC 9701). */
export async function introspectToken(provider: Provider, token: string): Promise<TokenIntrospection> {
  const { server, client } = provider;
  requireEndpoint(provider, 'introspection_endpoint');
  const authentication = authenticationAt(provider, 'introspection_endpoint');
  try {
    let jwt: string | undefined;
    const options = managementOptions(provider, 'introspect_token_request', 'access_token', (answer) => {
      if (isJwt(answer.headers['content-type'])) {
        checkJwt(answer.text);
        jwt = answer.text;
      }
      return endpointResponseReader({ what: 'introspection', otherTypes: isJwt })(answer);
    });
    const response = await introspectionRequest(server, client, authentication, token, options);
    const verifier = jwt === undefined ? undefined : await providerOfJwt(provider, jwt);
    const checking = verifier ?? provider;
    const answer = await processIntrospectionResponse(checking.server, client, response, signatureOptions(checking));
    if (verifier) await verifySignature(verifier);
    else if (client.introspection_signed_response_alg)
      throw new RefusedInput('it is not signed, expected a JWT (RFC 9701)');
    return { ...readClaims(answer), ...timesIn(answer) };
  } catch (error) {
    throw refusedResponse(error, 'answer to the introspection', [token]);
  }
}

/** Returns the times of an introspection response in seconds. Some servers send milliseconds or dates. */
function timesIn({ exp, iat, nbf }: IntrospectionResponse): Partial<IntrospectionResponse> {
  const times = Object.entries({ exp, iat, nbf }).map(([name, time]) => [name, readInstant(time)] as const);
  return Object.fromEntries(times.filter(([, time]) => time !== undefined));
}

function managementOptions(
  provider: Provider,
  hook: 'revoke_token_request' | 'introspect_token_request',
  hint: TokenTypeHint,
  response: (answer: TokenEndpointResponse) => Response,
) {
  return {
    ...endpointOptions(provider, {
      request: (request) => provider.config.compliance.run(hook, request),
      response,
    }),
    additionalParameters: { token_type_hint: hint },
  };
}

function isJwt(contentType: string | null | undefined): boolean {
  return hasMediaType(contentType, 'application/token-introspection+jwt');
}
