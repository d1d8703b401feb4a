import type { OAuth2ClientConfig } from '../../config/client-config.js';

/** What the authorization request must contain so that the provider issues a refresh token, by the provider's domain. */
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
  'the scope "offline_access" (OpenID Connect), authorize_params: { access_type: "offline" } (Google), or the parameter in its documentation';

/** Returns advice on how to request a refresh token from the provider. */
export function refreshTokenAdvice({ issuer, serverMetadataUrl, endpoints }: OAuth2ClientConfig): string {
  const url = endpoints.authorization_endpoint ?? issuer ?? serverMetadataUrl ?? endpoints.token_endpoint;
  const host = url === undefined ? '' : new URL(url).hostname;
  const known = Object.keys(REQUESTS).find((domain) => host === domain || host.endsWith(`.${domain}`));
  const request = known === undefined ? ANY_PROVIDER : REQUESTS[known];
  return `To get a refresh token, request it in the login: ${request}`;
}
