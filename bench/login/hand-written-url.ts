import { createHash } from 'node:crypto';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from './provider.js';

export const REDIRECT_URI = BASE_URL + CALLBACK_PATH;

/** Returns the authorization URL of a login, created without a library. */
export function authorizationUrl(state: string, codeVerifier: string): string {
  const url = new URL(PROVIDER.authorizeUrl);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', PROVIDER.clientId);
  url.searchParams.set('redirect_uri', REDIRECT_URI);
  url.searchParams.set('scope', PROVIDER.scope);
  url.searchParams.set('state', state);
  url.searchParams.set('code_challenge', createHash('sha256').update(codeVerifier).digest('base64url'));
  url.searchParams.set('code_challenge_method', 'S256');
  return url.href;
}
