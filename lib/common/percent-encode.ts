const RESERVED = /[^\w.~-]/;
const BEYOND_ENCODE_URI_COMPONENT = /[!'()*\ud800-\udfff]/;

/**
 * Percent-encodes all characters except the unreserved ones, as UTF-8 and in upper-case hexadecimal (RFC 5849 §3.6). A lone
 * surrogate has no UTF-8 form, so it becomes U+FFFD, as in every UTF-8 encoder.
 */
export function percentEncode(text: string): string {
  if (!RESERVED.test(text)) return text;
  if (!BEYOND_ENCODE_URI_COMPONENT.test(text)) return encodeURIComponent(text);
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes a query or a form body. Keeps the order. A space becomes `%20`, never `+` (RFC 5849 §3.6). */
export function encodeForm(params: readonly (readonly [name: string, value: string])[]): string {
  let form = '';
  for (const [name, value] of params) form += `${form && '&'}${percentEncode(name)}=${percentEncode(value)}`;
  return form;
}
