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
import type { HttpClient } from '../../http/http-client.js';
import type { TokenEndpointResponse } from '../../http/messages.js';
import { OAuthConfigError, OAuthError, ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { authenticationAdvice, authMethodOf } from '../client/auth-method.js';
import { clientAuthentication } from '../client/client-authentication.js';
import type { ClientKeys } from '../client/client-keys.js';
import type { ClientSecret } from '../client/client-secret.js';
import type { DpopKeys } from '../client/dpop-keys.js';
import { endpointFetch, jsonResponse, type EndpointHooks } from './endpoint-fetch.js';
import type { ProviderKeys } from './provider-keys.js';
import { isTenantTemplate } from '../../config/tenant-issuer.js';

/** The objects that a client keeps for its lifetime, also when the provider's metadata changes. */
export interface ProviderContext {
  readonly config: OAuth2ClientConfig;
  readonly http: HttpClient;
  readonly clientSecret: ClientSecret;
  readonly clientKeys: ClientKeys;
  readonly providerKeys: ProviderKeys;
  readonly dpopKeys: DpopKeys;
}

/** A provider with its metadata and the objects of one client. Every step of the protocol uses it. */
export interface Provider extends ProviderContext {
  /** The provider's metadata, with the endpoints in the settings. */
  readonly server: AuthorizationServer;
  /** The client for `oauth4webapi`. */
  readonly client: Client;
  /** The JWT that is validated; see `providerOfJwt()`. */
  readonly jwt?: CheckedJwt;
}

/** A JWT from the provider whose signature is not verified yet. */
export interface CheckedJwt {
  /** The signed JWT, after decryption if it was encrypted. */
  readonly jws: string;
  /** The issuer of the JWT, if the provider has several issuers. */
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

/** Returns the provider with another token endpoint, also for mutual TLS. */
export function withTokenEndpoint(provider: Provider, url: string): Provider {
  const { mtls_endpoint_aliases: aliases, ...server } = provider.server;
  const endpoints = { token_endpoint: url, mtls_endpoint_aliases: aliases && { ...aliases, token_endpoint: url } };
  return { ...provider, server: { ...server, ...endpoints } };
}

/** Returns whether the provider's issuer is known, which the validation of signatures and metadata requires. */
export function knowsIssuer({ config }: Provider): boolean {
  return config.issuer !== undefined || config.serverMetadataUrl !== undefined;
}

/** Returns the options of a request to an endpoint of the provider, and of reading the response. */
export function endpointOptions(provider: Provider, hooks: EndpointHooks) {
  const { config, http, clientKeys } = provider;
  return {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: endpointFetch(http, config, withAdvice(provider, hooks)),
    [jweDecrypt]: clientKeys.decrypt,
  };
}

/** Adds advice to errors of client authentication, such as `invalid_client` (RFC 6749 §5.2). */
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

/** Returns the options of a signature check with the provider's keys. `oauth4webapi` receives only the key that signed the JWT. */
export function signatureOptions({ config, clientKeys, providerKeys, jwt }: Provider) {
  const signer = async (url: string): Promise<Response> =>
    jsonResponse({ keys: jwt ? [await providerKeys.keyOf(url, jwt.jws, jwt.issuer)] : [] });
  return {
    [allowInsecureRequests]: config.allowInsecureHttp,
    [customFetch]: signer,
    [jweDecrypt]: clientKeys.decrypt,
  };
}

/** Endpoints that a login needs. If the metadata lacks one of them, the provider is at fault, not the settings. */
const NEEDED_BY_LOGINS: readonly Endpoint[] = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'pushed_authorization_request_endpoint',
];

/**
 * Returns the URL of an endpoint. If the client uses mutual TLS, returns the endpoint for mutual TLS if there is one (RFC 8705 §5).
 * @throws {OAuthConfigError} when neither the settings nor the metadata name the endpoint
 * @throws {ProviderError} when the metadata lacks an endpoint that a login needs
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
 * Returns the client authentication for an endpoint (RFC 6749 §2.3).
 * @throws {OAuthConfigError} when neither the settings nor the metadata name the endpoint, or the method is unknown
 */
export function authenticationAt(provider: Provider, endpoint: Endpoint): ClientAuth {
  const { config, server, clientKeys, clientSecret } = provider;
  return clientAuthentication(config, authMethodOf(config, server), {
    clientSecret: () => clientSecret.current(),
    signingKey: () => clientKeys.signingKey(),
    audience: assertionAudience(provider, endpoint),
  });
}

/**
 * Returns the audience of an assertion for an endpoint (RFC 7523 §3): the issuer, or the URL of the endpoint that receives the
 * assertion, so that no other server can use the assertion. The template of several issuers is never an audience.
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
