import { processUserInfoResponse, skipSubjectCheck } from 'oauth4webapi';
import { hasMediaType } from '../../common/media-type.js';
import { PLAIN_ANSWER, protocolAnswer } from '../../http/protocol-answer.js';
import type { OAuth2Token } from '../../token/token.js';
import { endpointResponseReader } from '../provider/endpoint-error.js';
import { withData } from '../provider/endpoint-fetch.js';
import { refusedResponse } from '../provider/failed-check.js';
import { requireEndpoint, signatureOptions, type Provider } from '../provider/provider.js';
import { tokenCredentials } from '../access-token/token-credentials.js';
import { checkJwt } from '../wire/jwt.js';
import { mergeClaims, readClaims } from '../wire/claims.js';
import { subjectOf, type IdTokenClaims } from './id-token.js';
import { providerOfJwt, verifySignature } from '../provider/jwt-provider.js';

/**
 * Claims about a user: the standard claims (OpenID Connect Core §5.1) and other claims of the provider. Use declaration merging to
 * type the other claims.
 *
 * @example
 * declare module 'nestjs-oauth-client' {
 *   interface UserInfo {
 *     roles?: string[];
 *   }
 * }
 */
export interface UserInfo {
  /** The user's identifier at this issuer. Only `sub` never changes and is never reassigned to another user. */
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  middle_name?: string;
  nickname?: string;
  preferred_username?: string;
  profile?: string;
  picture?: string;
  website?: string;
  email?: string;
  /** Whether the provider verified that the email address belongs to the user. Do not link accounts if this is not true. */
  email_verified?: boolean;
  gender?: string;
  birthdate?: string;
  zoneinfo?: string;
  locale?: string;
  phone_number?: string;
  phone_number_verified?: boolean;
  address?: object;
  /** Seconds since 1970. */
  updated_at?: number;
  /**
   * With `profile` in the settings: the provider's data, without tokens and secrets. It is the response of the first request, with
   * the responses of further requests under their names; or the claims of the id_token; or the fields of the token response.
   */
  raw?: Record<string, unknown>;
  [claim: string]: unknown;
}

/**
 * Requests the user's claims from the userinfo endpoint (OpenID Connect Core §5.3). Validates a signed or encrypted response.
 * @param subject the expected `sub`, if it is known (§5.3.2)
 */
async function fetchUserInfo(provider: Provider, token: OAuth2Token, subject: string | undefined): Promise<UserInfo> {
  const { client, config, http } = provider;
  const url = requireEndpoint(provider, 'userinfo_endpoint');
  const accept = config.userinfoSignedResponseAlg ? 'application/jwt' : 'application/json, application/jwt';
  const answer = await http.sendApiRequest<string>(
    { method: 'GET', url, ...PLAIN_ANSWER, headers: { accept } },
    { origins: new Set([new URL(url).origin]), ...tokenCredentials(provider, token) },
  );
  try {
    const repaired = await config.compliance.run('userinfo_response', withData(protocolAnswer(answer)));
    const isSigned = isJwt(repaired.headers['content-type']);
    if (isSigned) checkJwt(repaired.text);
    const response = endpointResponseReader({ what: 'userinfo', otherTypes: isJwt })(repaired);
    const verifier = isSigned ? await providerOfJwt(provider, repaired.text) : undefined;
    const checking = verifier ?? provider;
    const options = signatureOptions(checking);
    const claims = await processUserInfoResponse(
      checking.server,
      client,
      subject ?? skipSubjectCheck,
      response,
      options,
    );
    if (verifier) await verifySignature(verifier);
    return readClaims(claims);
  } catch (error) {
    throw refusedResponse(error, 'userinfo', [token.accessToken]);
  }
}

/** Returns the userinfo claims for a token. Their `sub` must equal the `sub` of the token's id_token. */
export async function userInfoOfToken(provider: Provider, token: OAuth2Token): Promise<UserInfo> {
  const subject = token.idToken === undefined ? undefined : await subjectOf(provider, token.idToken);
  return fetchUserInfo(provider, token, subject);
}

/** Returns the claims about the user after a login: those of the id_token, and those of userinfo if `userInfoFrom` is `userinfo`. */
export async function userInfoOfLogin(
  provider: Provider,
  token: OAuth2Token,
  claims: IdTokenClaims | undefined,
): Promise<UserInfo | undefined> {
  if (provider.config.userInfoFrom === 'id_token') return claims;
  return mergeClaims(await fetchUserInfo(provider, token, claims?.sub), claims);
}

function isJwt(contentType: string | null | undefined): boolean {
  return hasMediaType(contentType, 'application/jwt');
}
