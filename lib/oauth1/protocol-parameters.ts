import { percentEncode } from '../common/percent-encode.js';
import { type EncodedParameter } from './percent-encoding.js';
import type { RequestStamp } from './request-stamp.js';

/** Values of the protocol parameters (RFC 5849 §3.1). An empty value is left out. */
export interface ProtocolValues {
  clientId: string;
  /** The request token or the access token. Absent from the request for a request token. */
  token?: string;
  /** `oauth_callback`, for the request for a request token (RFC 5849 §2.1). */
  callback?: string;
  /** `oauth_verifier`, for the request for an access token (RFC 5849 §2.3). */
  verifier?: string;
  /** HMAC-SHA1, HMAC-SHA256, RSA-SHA1, RSA-SHA256, PLAINTEXT, or a custom method of the client. */
  signatureMethod: string;
}

/** Returns the protocol parameters without the signature, in the order in which they are signed. */
export function protocolParameters(
  { clientId, token, callback, verifier, signatureMethod }: ProtocolValues,
  { nonce, timestamp }: RequestStamp,
  bodyHash?: string,
): EncodedParameter[] {
  const params: EncodedParameter[] = [];
  if (bodyHash) params.push({ name: 'oauth_body_hash', value: percentEncode(bodyHash) });
  if (callback) params.push({ name: 'oauth_callback', value: percentEncode(callback) });
  params.push({ name: 'oauth_consumer_key', value: percentEncode(clientId) });
  params.push({ name: 'oauth_nonce', value: nonce });
  params.push({ name: 'oauth_signature_method', value: percentEncode(signatureMethod) });
  params.push({ name: 'oauth_timestamp', value: timestamp });
  if (token) params.push({ name: 'oauth_token', value: percentEncode(token) });
  if (verifier) params.push({ name: 'oauth_verifier', value: percentEncode(verifier) });
  params.push({ name: 'oauth_version', value: '1.0' });
  return params;
}
