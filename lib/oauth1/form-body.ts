/** Media type of the only body whose parameters are signed (RFC 5849 §3.4.1.3.1). */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** Whether a body of this content type is a form. */
export function isForm(contentType = ''): boolean {
  return FORM.test(contentType);
}

/** The text of a body that is a form, which may be empty; undefined when the body is not a form. */
export function formBody(contentType?: string, body: string | Uint8Array = ''): string | undefined {
  if (!isForm(contentType)) return undefined;
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}
