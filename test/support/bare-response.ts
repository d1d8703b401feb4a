import type { OAuthResponse } from 'nestjs-oauth-client/protocol';

/** A response that nobody sends, for calls by hand. */
export function bareResponse(): OAuthResponse {
  return { headersSent: false, appendHeader: () => undefined };
}
