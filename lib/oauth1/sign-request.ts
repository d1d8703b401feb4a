import type { KeyObject } from 'node:crypto';
import { FORM_CONTENT_TYPE, isForm } from '../common/media-type.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { authorizationHeader } from './authorization-header.js';
import { signatureBaseString } from './base-string.js';
import { bodyHash } from './body-hash.js';
import { percentEncode } from '../common/percent-encode.js';
import { encodeParameters, joinForm, parseForm } from './percent-encoding.js';
import { protocolParameters, type ProtocolValues } from './protocol-parameters.js';
import { newStamp, type RequestStamp } from './request-stamp.js';
import { findSignatureMethod, type SignatureMethod } from './signature-methods.js';

/** Where the protocol parameters are sent: the header (RFC 5849 §3.5.1), the query (§3.5.3) or a form body (§3.5.2). */
export type SignatureType = 'HEADER' | 'QUERY' | 'BODY';

/** A request before it is signed. */
export interface SignableRequest {
  method: string;
  /** Absolute URL with its query. */
  url: string;
  contentType?: string;
  body?: string | Uint8Array;
}

/** The credentials and options of a signature. */
export interface OAuth1Credentials extends ProtocolValues {
  clientSecret: string;
  /** @default '' */
  tokenSecret?: string;
  /** Private key, for the RSA methods. */
  rsaKey?: KeyObject;
  /** Custom signature methods of the client, by name. */
  signatureMethods?: ReadonlyMap<string, SignatureMethod>;
  /** `BODY` falls back to `HEADER` when the body cannot be a form (RFC 5849 §3.5.2). */
  signatureType: SignatureType;
  /** Realm of the `Authorization` header. It is not signed. */
  realm?: string;
  /** Whether a body that is not a form is signed with its hash (`oauth_body_hash`). */
  forceIncludeBody?: boolean;
}

/** The signed request, which must be sent unchanged. */
export interface SignedRequest {
  url: string;
  contentType?: string;
  body?: string | Uint8Array;
  /** Value of the `Authorization` header. Undefined if the parameters are in the query or in the body. */
  authorization?: string;
}

/**
 * Signs a request (RFC 5849 §3).
 *
 * @param stamp nonce and timestamp; by default, a new stamp
 * @throws {OAuthConfigError} when the signature method is unknown, or its key is missing
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

  const requestParams = encodeParameters(parseForm(joinPairs(query, form)));
  const signature = sign(signatureBaseString(method, url, requestParams.concat(protocol)), credentials);
  protocol.push({ name: 'oauth_signature', value: percentEncode(signature) });

  // In a query or a form body, the protocol parameters come after the parameters of the request (RFC 5849 §3.5.2, §3.5.3).
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
  if (!method) {
    throw new OAuthConfigError([
      `signature_method: "${signatureMethod}" is unknown; expected a built-in method or a custom method. Register custom ` +
        'methods in complianceFix',
    ]);
  }
  return method(baseString, { clientSecret, tokenSecret, rsaKey });
}

/** Returns whether a form body can be added to a request. Servers may ignore the body of other methods (RFC 9110 §9.3). */
function canBecomeForm({ method, contentType, body }: SignableRequest): boolean {
  return contentType === undefined && body === undefined && ['POST', 'PUT', 'PATCH'].includes(method.toUpperCase());
}

/** Joins two encoded lists of parameters. */
function joinPairs(first = '', second = ''): string {
  return first ? `${first}&${second}` : second;
}

/** Returns the content of a form body, which may be empty. Returns undefined if the body is not a form. */
function formBody(contentType?: string, body: string | Uint8Array = ''): string | undefined {
  if (!isForm(contentType)) return undefined;
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}
