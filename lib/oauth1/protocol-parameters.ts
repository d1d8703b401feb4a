import { type EncodedParameter, percentEncode } from './percent-encoding.js';
import type { RequestStamp } from './request-stamp.js';

/** What the protocol parameters say (RFC 5849 §3.1); what is empty is left out. */
export interface ProtocolValues {
  clientId: string;
  /** The request token or the access token; none when a request token is asked for. */
  token?: string;
  /** `oauth_callback`, when a request token is asked for (RFC 5849 §2.1). */
  callback?: string;
  /** `oauth_verifier`, when an access token is asked for (RFC 5849 §2.3). */
  verifier?: string;
  /** HMAC-SHA1, HMAC-SHA256, RSA-SHA1, RSA-SHA256, PLAINTEXT, or a name of the client's own. */
  signatureMethod: string;
}

/** The protocol parameters but the signature, in the order in which they are signed. */
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
