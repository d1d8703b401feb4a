import type { JWK } from 'jose';
import type { ApiAnswer, ApiCredentials } from '../../http/api-request.js';
import { InvalidTokenError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { DpopProofs } from '../client/dpop-proofs.js';
import type { ProviderContext } from '../provider/provider.js';
import { attachToken, type TokenPlacement } from './token-placement.js';

/** Returns another token for a token that the API refused, or undefined if another token would not help. */
type ReplaceToken = (refused: OAuth2Token) => Promise<OAuth2Token | undefined>;

interface CredentialsOptions {
  replace?: ReplaceToken;
  /** @default the `tokenPlacement` of the settings */
  placement?: TokenPlacement;
}

/**
 * Returns the credentials of API calls: a bearer token (RFC 6750), or a token with a DPoP proof (RFC 9449 §7). The proof is created
 * again when the server requires a new nonce. A token that the API refuses is replaced once, if possible.
 */
export function tokenCredentials(
  { config, dpopKeys }: Pick<ProviderContext, 'config' | 'dpopKeys'>,
  first: OAuth2Token,
  { replace, placement = config.tokenPlacement }: CredentialsOptions = {},
): ApiCredentials {
  const { compliance, apiRequest } = config;
  const rules = { tokenPlacement: placement, apiRequest };
  const isBound = first.tokenType === 'dpop';
  const proofs = new DpopProofs(dpopKeys);
  let token = first;
  let isReplaced = false;
  if (isBound) requireKey(token, config.dpopKey);
  return {
    secrets: () => [first.accessToken, token.accessToken],
    async authorize(request) {
      const withToken = await compliance.run('protected_request', attachToken(request, token, rules));
      if (token.tokenType !== 'dpop') return withToken;
      const key = requireKey(token, config.dpopKey);
      const dpop = await proofs.make(key, { ...withToken, accessToken: token.accessToken });
      return { ...withToken, headers: { ...withToken.headers, dpop } };
    },
    ...(isBound && { learn: (url: string, { headers }: ApiAnswer) => void proofs.receive(url, headers, false) }),
    async renew(answer, url) {
      if (isBound && proofs.receive(url, answer.headers, asksForNonce(answer))) return true;
      if (isReplaced || !refusesToken(answer)) return false;
      const another = await replace?.(token);
      isReplaced = another !== undefined;
      token = another ?? token;
      return isReplaced;
    },
  };
}

function requireKey({ dpopKey }: OAuth2Token, configured: JWK | undefined): JWK {
  const key = dpopKey ?? configured;
  if (key) return key;
  throw new InvalidTokenError({
    description:
      'the token is bound to a key (DPoP), but has no dpopKey. Store the dpopKey of a token together with the token',
    status: 500,
  });
}

/** Returns whether the API requires a nonce (RFC 9449 §9). The name of the scheme is case-insensitive (RFC 9110 §11.1). */
function asksForNonce(answer: ApiAnswer): boolean {
  return /\bdpop\b/i.test(challengeOf(answer)) && errorOf(answer) === 'use_dpop_nonce';
}

/** Returns whether the API refuses the token (RFC 6750 §3.1). Many APIs do not send an error code. */
function refusesToken(answer: ApiAnswer): boolean {
  const error = errorOf(answer);
  return error === undefined || error === 'invalid_token';
}

function errorOf(answer: ApiAnswer): string | undefined {
  return /\berror="?(\w+)/i.exec(challengeOf(answer))?.[1]?.toLowerCase();
}

function challengeOf({ headers }: ApiAnswer): string {
  const challenge = headers['www-authenticate'];
  return typeof challenge === 'string' ? challenge : '';
}
