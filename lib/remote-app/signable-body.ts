import { isForm } from '../common/media-type.js';
import { OAuthError } from '../errors/oauth.errors.js';

/** A body whose bytes are known before it leaves. */
export interface SignableBody {
  contentType?: string;
  body?: string | Uint8Array;
  /** There is a body, but it was not read. */
  isOpaque?: boolean;
}

/**
 * What an OAuth 1 signature can cover of a body that axios has encoded. Multipart forms and files are only read for their
 * hash (`force_include_body`).
 * @throws {OAuthError} `invalid_request` (status 500) for a stream that is to be hashed, or is said to be a form
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
      'a stream cannot be signed. Pass text, bytes or a form; or, without force_include_body, a Content-Type header ' +
      'other than that of a form, such as application/octet-stream',
    status: 500,
  });
}
