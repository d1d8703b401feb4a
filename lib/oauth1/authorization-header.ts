import type { EncodedParameter } from './percent-encoding.js';

/**
 * Returns the value of an `Authorization` header with the protocol parameters (RFC 5849 §3.5.1).
 *
 * @param realm the first parameter, a quoted string (RFC 2617 §1.2); it is not signed (RFC 5849 §3.4.1.3.1)
 */
export function authorizationHeader(params: readonly EncodedParameter[], realm?: string): string {
  let header = realm === undefined ? 'OAuth ' : `OAuth realm=${quotedString(realm)}, `;
  let separator = '';
  for (const { name, value } of params) {
    header += `${separator}${name}="${value}"`;
    separator = ', ';
  }
  return header;
}

/** Drops characters that are not printable ASCII, and escapes the others, so that the value cannot end the string or the header. */
function quotedString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
