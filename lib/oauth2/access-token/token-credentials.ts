import type { ApiAnswer, Credentials } from '../../http/api-request.js';
import { InvalidTokenError } from '../../oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import type { ProviderContext } from '../provider/provider.js';
import { placeToken } from './token-placement.js';

/**
 * How API calls carry a token: as a bearer token (RFC 6750), or with a proof that its key is here (RFC 9449 §7), which is
 * made anew when the server asks for its nonce.
 */
export function tokenCredentials(
  { config, dpopKeys }: Pick<ProviderContext, 'config' | 'dpopKeys'>,
  token: OAuth2Token,
): Omit<Credentials, 'origins'> {
  const { compliance, tokenPlacement } = config;
  if (token.tokenType !== 'dpop') {
    return { authorize: (request) => compliance.run('protected_request', placeToken(request, token, tokenPlacement)) };
  }
  const dpopKey = token.dpopKey ?? config.dpopKey;
  if (!dpopKey) {
    throw new InvalidTokenError({
      description:
        'the token is bound to a key (DPoP), but has no dpopKey: the token store must keep it with the token',
      status: 500,
    });
  }
  return {
    async authorize(request) {
      const placed = await compliance.run('protected_request', placeToken(request, token, tokenPlacement));
      const dpop = await dpopKeys.proof(dpopKey, { ...placed, accessToken: token.accessToken });
      return { ...placed, headers: { ...placed.headers, dpop } };
    },
    isChallenge(url, answer) {
      dpopKeys.learnNonce(url, answer.headers);
      return asksForNonce(answer);
    },
  };
}

/** RFC 9449 §9; the name of the scheme is in whichever case (RFC 9110 §11.1). */
function asksForNonce({ status, headers }: ApiAnswer): boolean {
  const challenge = headers['www-authenticate'];
  return (
    status === 401 &&
    typeof challenge === 'string' &&
    /\bdpop\b/i.test(challenge) &&
    /\berror="?use_dpop_nonce\b/i.test(challenge)
  );
}
