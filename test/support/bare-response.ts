import type { OAuthResponse } from 'nestjs-oauth-client/protocol';

/** Returns a response that is never sent, for tests that call the library without a server. */
export function bareResponse(): OAuthResponse {
  return { headersSent: false, appendHeader: () => undefined };
}
