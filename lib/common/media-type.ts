/** The media type of a form. OAuth 1 signs the parameters of this media type only, and OAuth 2 sends its requests as forms. */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

/** Returns whether a `Content-Type` has a media type. Ignores its parameters and the case (RFC 9110 §8.3.1). */
export function hasMediaType(contentType: string | null | undefined, mediaType: string): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === mediaType;
}

/** Returns whether a body with this `Content-Type` is a form. */
export function isForm(contentType: string | undefined): boolean {
  return hasMediaType(contentType, FORM_CONTENT_TYPE);
}
