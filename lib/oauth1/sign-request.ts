import type { KeyObject } from 'node:crypto';
import { FORM_CONTENT_TYPE, isForm } from '../common/media-type.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { authorizationHeader } from './authorization-header.js';
import { signatureBaseString } from './base-string.js';
import { bodyHash } from './body-hash.js';
import { encodeParameters, joinForm, parseForm, percentEncode } from './percent-encoding.js';
import { protocolParameters, type ProtocolValues } from './protocol-parameters.js';
import { newStamp, type RequestStamp } from './request-stamp.js';
import { findSignatureMethod, type SignatureMethod } from './signature-methods.js';

/** Where the protocol parameters go: the header (RFC 5849 §3.5.1), the query (§3.5.3) or a form body (§3.5.2). */
export type SignatureType = 'HEADER' | 'QUERY' | 'BODY';

/** A request before it is signed. */
export interface SignableRequest {
  method: string;
  /** Absolute, with its query. */
  url: string;
  contentType?: string;
  body?: string | Uint8Array;
}

/** Who signs, and how. */
export interface OAuth1Credentials extends ProtocolValues {
  clientSecret: string;
  /** @default '' */
  tokenSecret?: string;
  /** Private key, for the RSA methods. */
  rsaKey?: KeyObject;
  /** The client's own signature methods, by name. */
  signatureMethods?: ReadonlyMap<string, SignatureMethod>;
  /** `BODY` falls back to `HEADER` where the body cannot be a form (RFC 5849 §3.5.2). */
  signatureType: SignatureType;
  /** Goes into the header alone, unsigned. */
  realm?: string;
  /** Signs a body that is not a form too, by its hash. */
  forceIncludeBody?: boolean;
}

/** The request to send: exactly what was signed, with its signature. */
export interface SignedRequest {
  url: string;
  contentType?: string;
  body?: string | Uint8Array;
  /** Value of the `Authorization` header, unless the parameters went elsewhere. */
  authorization?: string;
}

/**
 * Signs a request (RFC 5849 §3).
 *
 * @param stamp nonce and timestamp; new ones unless given
 * @throws {OAuthConfigError} the signature method is unknown, or its key is missing
 */
export function signRequest(
  request: SignableRequest,
  credentials: OAuth1Credentials,
  stamp: RequestStamp = newStamp(),
): SignedRequest {
  const { method, contentType, body } = request;
  const url = new URL(request.url);
  const query = url.search.slice(1);
  const form = formBody(contentType, body);

  const isHashed = credentials.forceIncludeBody && body !== undefined && form === undefined;
  const hash = isHashed ? bodyHash(body, credentials.signatureMethod) : undefined;
  const protocol = protocolParameters(credentials, stamp, hash);

  const own = encodeParameters(parseForm(joinPairs(query, form)));
  const signature = sign(signatureBaseString(method, url, own.concat(protocol)), credentials);
  protocol.push({ name: 'oauth_signature', value: percentEncode(signature) });

  // where they join the request's own, the protocol parameters come last (RFC 5849 §3.5.2, §3.5.3)
  if (credentials.signatureType === 'QUERY') {
    url.search = joinPairs(query, joinForm(protocol));
    return { url: url.href, contentType, body };
  }
  if (credentials.signatureType === 'BODY' && (form !== undefined || canBecomeForm(request))) {
    return { url: url.href, contentType: contentType ?? FORM_CONTENT_TYPE, body: joinPairs(form, joinForm(protocol)) };
  }
  return { url: url.href, contentType, body, authorization: authorizationHeader(protocol, credentials.realm) };
}

function sign(baseString: string, credentials: OAuth1Credentials): string {
  const { signatureMethod, signatureMethods, clientSecret, tokenSecret = '', rsaKey } = credentials;
  const method = findSignatureMethod(signatureMethod, signatureMethods);
  if (!method) throw new OAuthConfigError([`signature_method: "${signatureMethod}" is unknown`]);
  return method(baseString, { clientSecret, tokenSecret, rsaKey });
}

/** Whether a request that has no body may be given one; of the other methods, servers may ignore it (RFC 9110 §9.3). */
function canBecomeForm({ method, contentType, body }: SignableRequest): boolean {
  return contentType === undefined && body === undefined && ['POST', 'PUT', 'PATCH'].includes(method.toUpperCase());
}

/** Two encoded lists in one, as they are. */
function joinPairs(first = '', second = ''): string {
  return first ? `${first}&${second}` : second;
}

/** The text of a body that is a form, which may be empty; undefined when the body is not a form. */
function formBody(contentType?: string, body: string | Uint8Array = ''): string | undefined {
  if (!isForm(contentType)) return undefined;
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}
