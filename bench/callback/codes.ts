import { createHash, randomBytes } from 'node:crypto';
import { CLIENT } from './client.js';
import { signIdToken } from './id-token.js';

interface Grant {
  redirectUri: string | null;
  codeChallenge: string | null;
  /** The token response. */
  response: string;
}

const grants = new Map<string, Grant>();

/**
 * Returns a code for an authorization request. Creates the token response in advance, because an RSA signature takes longer
 * than the work of an app, and would distort the measurement.
 */
export function issueCode(issuer: string, request: URLSearchParams): string {
  const code = randomBytes(32).toString('base64url');
  const accessToken = randomBytes(32).toString('base64url');
  grants.set(code, {
    redirectUri: request.get('redirect_uri'),
    codeChallenge: request.get('code_challenge'),
    response: JSON.stringify({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: randomBytes(32).toString('base64url'),
      scope: CLIENT.scope,
      id_token: signIdToken(issuer, request.get('nonce') ?? '', accessToken),
    }),
  });
  return code;
}

/** Returns the token response for a code, once (RFC 6749 §4.1.3, RFC 7636 §4.6). Returns undefined for an invalid request. */
export function redeemCode(authorization: string | undefined, form: URLSearchParams): string | undefined {
  const code = form.get('code') ?? '';
  const grant = grants.get(code);
  grants.delete(code);
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  const isValid =
    isClient(authorization) &&
    form.get('grant_type') === 'authorization_code' &&
    form.get('redirect_uri') === grant?.redirectUri &&
    challenge === grant.codeChallenge;
  return isValid ? grant.response : undefined;
}

/** Checks `client_secret_basic` (RFC 6749 §2.3.1), regardless of which characters the client escapes. */
function isClient(authorization = ''): boolean {
  const [scheme, credentials = ''] = authorization.split(' ');
  const pair = Buffer.from(credentials, 'base64').toString().split(':').map(decodeURIComponent);
  return scheme === 'Basic' && pair.join(':') === `${CLIENT.id}:${CLIENT.secret}`;
}
