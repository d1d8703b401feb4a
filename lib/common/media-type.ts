/** Media type of a form: the only body whose parameters OAuth 1 signs, and the one that OAuth 2 sends. */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** Returns whether a `Content-Type` has a media type, whatever its parameters. Case is ignored (RFC 9110 §8.3.1). */
export function hasMediaType(contentType: string | null | undefined, mediaType: string): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === mediaType;
}

/** Returns whether a body with this `Content-Type` is a form. */
export function isForm(contentType: string | undefined): boolean {
  return hasMediaType(contentType, FORM_CONTENT_TYPE);
}
