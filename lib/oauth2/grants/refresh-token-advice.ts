import type { OAuth2ClientConfig } from '../../config/client-config.js';

/** What an authorization request must have for the provider to send a refresh token, by the provider's domain. */
const REQUESTS: Record<string, string> = {
  'google.com': 'authorize_params: { access_type: "offline", prompt: "consent" }',
  'googleapis.com': 'authorize_params: { access_type: "offline", prompt: "consent" }',
  'dropbox.com': 'authorize_params: { token_access_type: "offline" }',
  'reddit.com': 'authorize_params: { duration: "permanent" }',
  'zoho.com': 'authorize_params: { access_type: "offline" }',
  'salesforce.com': 'the scope "refresh_token"',
  'live.com': 'the scope "offline_access"',
  'microsoftonline.com': 'the scope "offline_access"',
  'atlassian.com': 'the scope "offline_access"',
  'auth0.com': 'the scope "offline_access"',
  'okta.com': 'the scope "offline_access"',
};
const ANY_PROVIDER =
  'the scope "offline_access" (OpenID Connect), authorize_params: { access_type: "offline" } (Google), or what its documentation names';

/** Says what to ask the provider for, so that its tokens come with a refresh token. */
export function refreshTokenAdvice({ issuer, serverMetadataUrl, endpoints }: OAuth2ClientConfig): string {
  const url = endpoints.authorization_endpoint ?? issuer ?? serverMetadataUrl ?? endpoints.token_endpoint;
  const host = url === undefined ? '' : new URL(url).hostname;
  const known = Object.keys(REQUESTS).find((domain) => host === domain || host.endsWith(`.${domain}`));
  const request = known === undefined ? ANY_PROVIDER : REQUESTS[known];
  return `For a refresh token, have the login ask for it: ${request}`;
}
