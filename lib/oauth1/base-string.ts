import { percentEncode } from '../common/percent-encode.js';
import { type EncodedParameter } from './percent-encoding.js';

/**
 * Returns the signature base string: the method, the base string URI and the normalized parameters, each percent-encoded
 * (RFC 5849 §3.4.1.1).
 *
 * @param params the parameters of the query and of a form body, and the protocol parameters
 */
export function signatureBaseString(method: string, url: URL, params: readonly EncodedParameter[]): string {
  return `${method.toUpperCase()}&${percentEncode(baseStringUri(url))}&${encodedNormalizedParameters(params)}`;
}

/**
 * Returns the base string URI: scheme, host and path, without default port, query and fragment (RFC 5849 §3.4.1.2). `URL`
 * has already lower-cased the host and dropped a default port.
 */
export function baseStringUri(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * Returns the parameters without `oauth_signature`, sorted and joined (RFC 5849 §3.4.1.3.2), and percent-encoded. Encoding
 * each part before joining is faster, and has the same result.
 */
function encodedNormalizedParameters(params: readonly EncodedParameter[]): string {
  let normalized = '';
  for (const { name, value } of params.toSorted(byNameThenValue)) {
    if (name === 'oauth_signature') continue;
    normalized += `${normalized && '%26'}${encodeAgain(name)}%3D${encodeAgain(value)}`;
  }
  return normalized;
}

/** Percent-encodes an encoded value again: `%` is its only reserved character. */
function encodeAgain(encoded: string): string {
  return encoded.includes('%') ? encoded.replaceAll('%', '%25') : encoded;
}

/** Compares by bytes. Encoded values are ASCII, so `<`, which compares code units, has the same result. */
function byNameThenValue(a: EncodedParameter, b: EncodedParameter): number {
  return compare(a.name, b.name) || compare(a.value, b.value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
