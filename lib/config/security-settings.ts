import type { ClientCertificate } from '../http/connections.js';
import type { PrivateKeyMaterial, PrivateKeys } from './private-key.js';

/** Settings that protect requests against forgery, modification and replay. */
export interface SecuritySettings {
  /**
   * The client's private keys, for `private_key_jwt`, signed requests and encrypted responses. To rotate keys, add the new key as
   * the second key, and later move it to the front; or pass a function that returns the keys.
   */
  privateKeys?: PrivateKeys;
  /**
   * The audience of client assertions (RFC 7523 §3). `issuer` is the issuer. `endpoint` is the endpoint that receives the
   * assertion. `token_endpoint` is the endpoint for requests to the token endpoint, and the issuer for other requests.
   * @default 'issuer'
   */
  clientAssertionAudience?: 'issuer' | 'token_endpoint' | 'endpoint';
  /** The client certificate for mutual TLS (RFC 8705), in PEM. */
  clientCertificate?: ClientCertificate;
  /** Pushes every authorization request (RFC 9126). @default false, or true if the metadata requires it */
  requirePushedAuthorizationRequests?: boolean;
  /** Signs every authorization request (RFC 9101). @default false, or true if the metadata requires it */
  requireSignedRequestObject?: boolean;
  /** Encrypts signed authorization requests with this algorithm, such as `RSA-OAEP-256` (RFC 9101 §4). */
  requestObjectEncryptionAlg?: string;
  /** The content encryption algorithm of encrypted authorization requests. @default 'A256GCM' */
  requestObjectEncryptionEnc?: string;
  /** Requests tokens that are bound to a key (DPoP, RFC 9449). @default false */
  dpopBoundAccessTokens?: boolean;
  /** The private key that tokens are bound to. @default a new key for each login, which is stored with its token */
  dpopKey?: PrivateKeyMaterial;
}
