/** Media type of a form: the only body whose parameters OAuth 1 signs, and the one that OAuth 2 sends. */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

const FORM = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Whether a body of this content type is a form. Media types have no case (RFC 9110 §8.3.1). */
export function isForm(contentType = ''): boolean {
  return FORM.test(contentType);
}
