import type { AxiosInstance } from 'axios';
import {
  allowInsecureRequests,
  clockTolerance,
  customFetch,
  jweDecrypt,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
} from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { OAuthConfigError, OAuthError, ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { authenticationAdvice, authMethodOf } from '../client/auth-method.js';
import { clientAuthentication } from '../client/client-authentication.js';
import type { ClientKeys } from '../client/client-keys.js';
import type { DpopKeys } from '../client/dpop-keys.js';
import { endpointFetch, jsonResponse, type EndpointHooks } from './endpoint-fetch.js';
import type { ProviderKeys } from './provider-keys.js';
import { isTenantTemplate } from '../../config/tenant-issuer.js';

/** What one client keeps for as long as it lives, whatever metadata its provider has. */
export interface ProviderContext {
  readonly config: OAuth2ClientConfig;
  readonly http: AxiosInstance;
  readonly clientKeys: ClientKeys;
  readonly providerKeys: ProviderKeys;
  readonly dpopKeys: DpopKeys;
}

/** A provider as one client sees it: what the steps of the protocol are made with. */
export interface Provider extends ProviderContext {
  /** Its metadata, with the endpoints that the settings name. */
  readonly server: AuthorizationServer;
  /** The client, as `oauth4webapi` receives it. */
  readonly client: Client;
  /** The one JWT that is checked; see `providerOfJwt()`. */
  readonly jwt?: CheckedJwt;
}

/** A JWT from the provider whose signature is about to be checked. */
export interface CheckedJwt {
  /** The signed JWT, decrypted where it came encrypted. */
  readonly jws: string;
  /** Its issuer, where the provider has many. */
  readonly issuer?: string;
}

/** Endpoints of the metadata that are used. */
export const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
  'device_authorization_endpoint',
  'backchannel_authentication_endpoint',
  'registration_endpoint',
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export function makeProvider(context: ProviderContext, server: AuthorizationServer): Provider {
  const { config } = context;
  const client = {
    client_id: config.clientId,
    [clockTolerance]: config.clockTolerance,
    ...present({
      id_token_signed_response_alg: config.idTokenSignedResponseAlg,
      userinfo_signed_response_alg: config.userinfoSignedResponseAlg,
      authorization_signed_response_alg: config.authorizationSignedResponseAlg,
      introspection_signed_response_alg: config.introspectionSignedResponseAlg,
    }),
    use_mtls_endpoint_aliases: config.usesMutualTls,
  };
  return { ...context, server, client };
}

/** Only where the provider's issuer is known can what it signs, or says of itself, be checked. */
export function knowsIssuer({ config }: Provider): boolean {
  return config.issuer !== undefined || config.serverMetadataUrl !== undefined;
}

/** Options of a request to one of the provider's endpoints, and of the reading of its answer. */
export function endpointOptions(provider: Provider, hooks: EndpointHooks) {
  const { config, http, clientKeys } = provider;
  return {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: endpointFetch(http, config, withAdvice(provider, hooks)),
    [jweDecrypt]: clientKeys.decrypt,
  };
}

/** Adds what to do to the error of a client that the provider did not accept, such as `invalid_client` (RFC 6749 §5.2). */
function withAdvice({ config, server }: Provider, hooks: EndpointHooks): EndpointHooks {
  const { response } = hooks;
  if (!response) return hooks;
  const read = async (answer: TokenEndpointResponse): Promise<Response> => {
    try {
      return await response(answer);
    } catch (error) {
      const isRefused =
        answer.data.error === undefined ? answer.status === 401 : answer.data.error === 'invalid_client';
      const advice = isRefused ? authenticationAdvice(config, server) : undefined;
      throw advice !== undefined && error instanceof OAuthError ? error.advise(advice) : error;
    }
  };
  return { ...hooks, response: read };
}

/** Options of the check of a signature by the provider's keys: of those, `oauth4webapi` gets the one that signed the JWT. */
export function signatureOptions({ config, clientKeys, providerKeys, jwt }: Provider) {
  const signer = async (url: string): Promise<Response> =>
    jsonResponse({ keys: jwt ? [await providerKeys.keyOf(url, jwt.jws, jwt.issuer)] : [] });
  return {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: signer,
    [jweDecrypt]: clientKeys.decrypt,
  };
}

/** Endpoints that a login needs: metadata that lacks one is the provider's fault. */
const NEEDED_BY_LOGINS: readonly Endpoint[] = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
];

/**
 * Returns where requests of one kind go: the endpoint for mutual TLS, where the client uses that and there is one (RFC 8705 §5).
 * @throws {OAuthConfigError} when neither the settings nor the metadata name the endpoint
 * @throws {ProviderError} when metadata lacks an endpoint that a login needs
 */
export function requireEndpoint({ config, server }: Provider, endpoint: Endpoint): string {
  const { [endpoint]: url } = config.usesMutualTls ? { ...server, ...server.mtls_endpoint_aliases } : server;
  if (url !== undefined) return url;
  const description = `${config.name}: neither its settings nor its server metadata have a usable ${endpoint}`;
  const isDiscovered = config.serverMetadataUrl !== undefined || config.issuer !== undefined;
  if (isDiscovered && NEEDED_BY_LOGINS.includes(endpoint))
    throw new ProviderError({ error: OAuthErrorCode.PROVIDER_UNSUPPORTED, description });
  throw new OAuthConfigError([description]);
}

/**
 * Returns how the client authenticates at one endpoint (RFC 6749 §2.3).
 * @throws {OAuthConfigError} when neither the settings nor the metadata name the endpoint, or the method is unknown
 */
export function authenticationAt(provider: Provider, endpoint: Endpoint): ClientAuth {
  const { config, server, clientKeys } = provider;
  return clientAuthentication(config, authMethodOf(config, server), {
    signingKey: () => clientKeys.signingKey(),
    audience: assertionAudience(provider, endpoint),
  });
}

/**
 * Returns who an assertion that is sent to an endpoint is for (RFC 7523 §3): the issuer, or the very URL that it is sent to,
 * so that no other server can use it. A URL that the metadata only names is never an audience, nor is the template of many
 * issuers.
 */
export function assertionAudience(provider: Provider, endpoint: Endpoint): string {
  const { clientAssertionAudience: audience } = provider.config;
  const isEndpoint = audience === 'endpoint' || (audience === 'token_endpoint' && endpoint === 'token_endpoint');
  return isEndpoint || isTenantTemplate(provider.server.issuer)
    ? requireEndpoint(provider, endpoint)
    : provider.server.issuer;
}

function present(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
