import { createHash, randomBytes } from 'node:crypto';
import { CLIENT } from './client.js';
import { signIdToken } from './id-token.js';

interface Grant {
  redirectUri: string | null;
  codeChallenge: string | null;
  /** The answer of the token endpoint. */
  answer: string;
}

const grants = new Map<string, Grant>();

/**
 * A code for what an authorization request asks for. The token answer is made here already: an RSA signature takes longer
 * than all that an app does with it, and would hide that.
 */
export function issueCode(issuer: string, request: URLSearchParams): string {
  const code = randomBytes(32).toString('base64url');
  const accessToken = randomBytes(32).toString('base64url');
  grants.set(code, {
    redirectUri: request.get('redirect_uri'),
    codeChallenge: request.get('code_challenge'),
    answer: JSON.stringify({
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

/** The token answer for a code (RFC 6749 §4.1.3, RFC 7636 §4.6), once; none for a request that is not as it should be. */
export function redeemCode(authorization: string | undefined, form: URLSearchParams): string | undefined {
  const code = form.get('code') ?? '';
  const grant = grants.get(code);
  grants.delete(code);
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  const isGood =
    isClient(authorization) &&
    form.get('grant_type') === 'authorization_code' &&
    form.get('redirect_uri') === grant?.redirectUri &&
    challenge === grant.codeChallenge;
  return isGood ? grant.answer : undefined;
}

/** `client_secret_basic` (RFC 6749 §2.3.1), whichever characters the client escapes. */
function isClient(authorization = ''): boolean {
  const [scheme, credentials = ''] = authorization.split(' ');
  const pair = Buffer.from(credentials, 'base64').toString().split(':').map(decodeURIComponent);
  return scheme === 'Basic' && pair.join(':') === `${CLIENT.id}:${CLIENT.secret}`;
}
