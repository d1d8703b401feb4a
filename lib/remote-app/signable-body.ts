import { isForm } from '../common/media-type.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** The parts of a request body that a signature covers. */
export interface SignableBody {
  contentType?: string;
  body?: string | Uint8Array;
  /** Whether the request has a body that was not read. */
  isOpaque?: boolean;
}

/**
 * Returns the parts of an encoded body that an OAuth 1 signature covers. Multipart forms and files are read only if their hash
 * is required (`force_include_body`).
 * @throws {OAuthError} `invalid_request` (status 500) when the body is a stream that requires a hash or has the content type of
 * a form
 */
export async function signableBody(
  data: unknown,
  contentType: string | undefined,
  hashed: boolean,
): Promise<SignableBody> {
  if (typeof data === 'string' || data instanceof Uint8Array) return { contentType, body: data };
  if (data === undefined || data === null) return { contentType };
  if (data instanceof FormData || data instanceof Blob) {
    if (!hashed) return { contentType, isOpaque: true };
    const encoded = new Response(data);
    const body = Buffer.from(await encoded.arrayBuffer());
    return { contentType: encoded.headers.get('content-type') ?? contentType, body };
  }
  if (!hashed && !isForm(contentType)) return { contentType, isOpaque: true };
  throw new OAuthError('invalid_request', {
    description:
      'a stream cannot be signed. Pass a string, bytes or a form. Without force_include_body, a stream works with a ' +
      'Content-Type header other than that of a form, such as application/octet-stream',
    status: 500,
  });
}
