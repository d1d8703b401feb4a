import { type EncodedParameter, percentEncode } from './percent-encoding.js';

/**
 * The string that is signed: the method, the base string URI and the normalized parameters, each percent-encoded
 * (RFC 5849 §3.4.1.1).
 *
 * @param params those of the query, of a form body and of the protocol
 */
export function signatureBaseString(method: string, url: URL, params: readonly EncodedParameter[]): string {
  return `${method.toUpperCase()}&${percentEncode(baseStringUri(url))}&${encodedNormalizedParameters(params)}`;
}

/**
 * Scheme, host and path, without default port, query and fragment (RFC 5849 §3.4.1.2). `URL` has already lower-cased
 * the host and dropped the port.
 */
export function baseStringUri(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * The parameters but `oauth_signature`, sorted and joined (RFC 5849 §3.4.1.3.2), then percent-encoded: part by part,
 * which comes to the same and is faster.
 */
function encodedNormalizedParameters(params: readonly EncodedParameter[]): string {
  let normalized = '';
  for (const { name, value } of params.toSorted(byNameThenValue)) {
    if (name === 'oauth_signature') continue;
    normalized += `${normalized && '%26'}${encodeAgain(name)}%3D${encodeAgain(value)}`;
  }
  return normalized;
}

/** In what is encoded once, `%` alone is left to encode. */
function encodeAgain(encoded: string): string {
  return encoded.includes('%') ? encoded.replaceAll('%', '%25') : encoded;
}

/** By bytes, which in encoded text are the code units that `<` compares. */
function byNameThenValue(a: EncodedParameter, b: EncodedParameter): number {
  return compare(a.name, b.name) || compare(a.value, b.value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
