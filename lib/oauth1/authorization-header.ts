import type { EncodedParameter } from './percent-encoding.js';

/**
 * The protocol parameters as the value of an `Authorization` header (RFC 5849 §3.5.1).
 *
 * @param realm goes first, as a quoted string (RFC 2617 §1.2); it is not signed (RFC 5849 §3.4.1.3.1)
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

/** Only printable ASCII passes: nothing in the text can end the string, or the header. */
function quotedString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
