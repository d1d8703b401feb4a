import type { JsonWebKey } from 'node:crypto';
import type { ApiAnswer, ApiCredentials } from '../../http/api-request.js';
import { InvalidTokenError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { DpopProofs } from '../client/dpop-proofs.js';
import type { ProviderContext } from '../provider/provider.js';
import { placeToken } from './token-placement.js';

/** Gives another token for one that the API has refused; nothing, where that would not help. */
export type ReplaceToken = (refused: OAuth2Token) => Promise<OAuth2Token | undefined>;

/**
 * How API calls carry a token: as a bearer token (RFC 6750), or with a proof that its key is here (RFC 9449 §7), which is
 * made again with each new nonce that the server asks for. A token that the API refuses is replaced once, where it can be.
 */
export function tokenCredentials(
  { config, dpopKeys }: Pick<ProviderContext, 'config' | 'dpopKeys'>,
  first: OAuth2Token,
  replace?: ReplaceToken,
): ApiCredentials {
  const { compliance, tokenPlacement } = config;
  const isBound = first.tokenType === 'dpop';
  const proofs = new DpopProofs(dpopKeys);
  let token = first;
  let isReplaced = false;
  if (isBound) requireKey(token, config.dpopKey);
  return {
    async authorize(request) {
      const placed = await compliance.run('protected_request', placeToken(request, token, tokenPlacement));
      if (token.tokenType !== 'dpop') return placed;
      const key = requireKey(token, config.dpopKey);
      const dpop = await proofs.make(key, { ...placed, accessToken: token.accessToken });
      return { ...placed, headers: { ...placed.headers, dpop } };
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

function requireKey({ dpopKey }: OAuth2Token, configured: JsonWebKey | undefined): JsonWebKey {
  const key = dpopKey ?? configured;
  if (key) return key;
  throw new InvalidTokenError({
    description: 'the token is bound to a key (DPoP), but has no dpopKey: the token store must keep it with the token',
    status: 500,
  });
}

/** RFC 9449 §9; the name of the scheme is in whichever case (RFC 9110 §11.1). */
function asksForNonce(answer: ApiAnswer): boolean {
  return /\bdpop\b/i.test(challengeOf(answer)) && errorOf(answer) === 'use_dpop_nonce';
}

/** RFC 6750 §3.1; many APIs do not say why. */
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
