import {
  ClientSecretJwt,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
  TlsClientAuth,
  type ClientAuth,
  type JsonValue,
  type PrivateKey,
} from 'oauth4webapi';

/** The credentials of a client for one endpoint. */
export interface ClientCredentials {
  readonly clientSecret: () => Promise<string>;
  /** Whether HTTP Basic encodes the credentials as a form (RFC 6749 §2.3.1). */
  readonly basicAuthEncoding: 'form' | 'none';
  /** @throws {OAuthConfigError} when the client has no key for signatures */
  readonly signingKey: () => Promise<PrivateKey>;
  /** The audience of an assertion. */
  readonly audience: string;
}

interface BuiltInMethod {
  /** The setting that the method requires. */
  readonly requires?: 'clientSecret' | 'privateKeys';
  /** Whether requests contain the client secret itself. */
  readonly sendsSecret?: boolean;
  /** Whether requests are sent to the provider's endpoints for mutual TLS (RFC 8705 §5). */
  readonly usesMutualTls?: boolean;
  readonly authenticate: (credentials: ClientCredentials) => ClientAuth;
}

/**
 * The built-in client authentication methods, by `token_endpoint_auth_method` (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2). The
 * order is the preference if the metadata lists several methods.
 */
export const CLIENT_AUTH_METHODS = methods({
  client_secret_basic: { requires: 'clientSecret', sendsSecret: true, authenticate: clientSecretBasic },
  client_secret_post: { requires: 'clientSecret', sendsSecret: true, authenticate: clientSecretPost },
  client_secret_jwt: { requires: 'clientSecret', authenticate: clientSecretJwt },
  private_key_jwt: { requires: 'privateKeys', authenticate: privateKeyJwt },
  tls_client_auth: { usesMutualTls: true, authenticate: () => TlsClientAuth() },
  self_signed_tls_client_auth: { usesMutualTls: true, authenticate: () => TlsClientAuth() },
  none: { authenticate: () => None() },
});

export type ClientAuthMethodName = keyof typeof CLIENT_AUTH_METHODS;

export function isClientAuthMethod(name: unknown): name is ClientAuthMethodName {
  return typeof name === 'string' && Object.hasOwn(CLIENT_AUTH_METHODS, name);
}

function methods<Name extends string>(all: Readonly<Record<Name, BuiltInMethod>>) {
  return all;
}

/** Replaces `ClientSecretBasic()` of `oauth4webapi`, which encodes more characters; see {@link formEncoded}. */
function clientSecretBasic({ clientSecret, basicAuthEncoding }: ClientCredentials): ClientAuth {
  const encoded = basicAuthEncoding === 'form' ? formEncoded : (text: string) => text;
  return async (_server, { client_id: clientId }, _body, headers) => {
    const credentials = `${encoded(clientId)}:${encoded(await clientSecret())}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

function clientSecretPost({ clientSecret }: ClientCredentials): ClientAuth {
  return async (...request) => ClientSecretPost(await clientSecret())(...request);
}

function clientSecretJwt({ clientSecret, audience }: ClientCredentials): ClientAuth {
  return async (...request) => ClientSecretJwt(await clientSecret(), forAudience(audience))(...request);
}

function privateKeyJwt({ signingKey, audience }: ClientCredentials): ClientAuth {
  return async (...request) => PrivateKeyJwt(await signingKey(), forAudience(audience))(...request);
}

function forAudience(audience: string) {
  return {
    [modifyAssertion]: (_: Record<string, JsonValue | undefined>, payload: Record<string, JsonValue | undefined>) => {
      payload.aud = audience;
    },
  };
}

/**
 * Encodes a client id or a secret for HTTP Basic (RFC 6749 §2.3.1). Encodes only the required characters, because some servers
 * compare the values without decoding them.
 */
export function formEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}
