import type { AxiosInstance } from 'axios';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  None,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
} from 'oauth4webapi';
import type { OAuth2ClientConfig } from '../config/client-config.js';
import { OAuthConfigError } from '../oauth.errors.js';

/** A provider as one client sees it: what the steps of the protocol are made with. */
export interface Provider {
  readonly config: OAuth2ClientConfig;
  readonly http: AxiosInstance;
  /** Its metadata, with the endpoints that the settings name. */
  readonly server: AuthorizationServer;
}

/** Endpoints of the metadata that are used. */
export const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
] as const;
type Endpoint = (typeof ENDPOINTS)[number];

/** Seconds that the provider's clock may differ from ours. */
const CLOCK_TOLERANCE = 30;

export const ALLOW_HTTP = { [allowInsecureRequests]: true } as const;

/** Only where the provider's issuer is known can what it signs, or says of itself, be checked. */
export function knowsIssuer(provider: Provider): boolean {
  return provider.config.serverMetadataUrl !== undefined;
}

export function clientOf({ config }: Provider): Client {
  return { client_id: config.clientId, [clockTolerance]: CLOCK_TOLERANCE };
}

/** RFC 6749 §2.3. A method of the client's own puts its credentials in later, in `endpointFetch()`. */
export function clientAuthentication({ config }: Provider): ClientAuth {
  const { clientSecret = '', tokenEndpointAuthMethod, compliance } = config;
  if (compliance.clientAuthMethods.has(tokenEndpointAuthMethod)) return () => undefined;
  switch (tokenEndpointAuthMethod) {
    case 'client_secret_basic':
      return ClientSecretBasic(clientSecret);
    case 'client_secret_post':
      return ClientSecretPost(clientSecret);
    default:
      return None();
  }
}

/** @throws {OAuthConfigError} when neither the settings nor the metadata name the endpoint */
export function requireEndpoint({ config, server }: Provider, endpoint: Endpoint): string {
  const url = server[endpoint];
  if (url !== undefined) return url;
  throw new OAuthConfigError([
    `${config.name}: neither its settings nor its server metadata have a usable ${endpoint}`,
  ]);
}
