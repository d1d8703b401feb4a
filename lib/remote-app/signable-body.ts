import { OAuthError } from '../oauth.errors.js';

/** A body whose bytes are known before it leaves. */
export interface SignableBody {
  contentType?: string;
  body?: string | Uint8Array;
}

/**
 * What an OAuth 1 signature can cover of a body that axios has encoded. Multipart forms and files are only read for their
 * hash (`force_include_body`).
 * @throws {OAuthError} `invalid_request` (status 500) for a stream that is to be hashed
 */
export async function signableBody(
  data: unknown,
  contentType: string | undefined,
  hashed: boolean,
): Promise<SignableBody> {
  if (typeof data === 'string' || data instanceof Uint8Array) return { contentType, body: data };
  if (data === undefined || data === null) return { contentType };
  if (!hashed) return { contentType };
  if (data instanceof FormData || data instanceof Blob) {
    const encoded = new Response(data);
    const body = new Uint8Array(await encoded.arrayBuffer());
    return { contentType: encoded.headers.get('content-type') ?? contentType, body };
  }
  throw new OAuthError('invalid_request', {
    description:
      'force_include_body signs the body, which must be known as a whole: pass text, bytes or a form, not a stream',
    status: 500,
  });
}
