import type { ClientConfig } from '../config/client-config.js';
import type { ApiCredentials } from '../http/api-request.js';
import type { HttpClient } from '../http/http-client.js';
import type { TokenPlacement } from '../oauth2/access-token/token-placement.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/** What a profile is read from. */
export interface ProfileInput {
  readonly config: ClientConfig;
  readonly http: HttpClient;
  /** The headers of the client's API calls, with names in lower case. */
  readonly apiHeaders?: Readonly<Record<string, string>>;
  readonly token: OAuth1Token | OAuth2Token;
  /** The claims of the validated id_token. */
  readonly idToken?: UserInfo;
  /** The `callbackParameters`. */
  readonly callback: Readonly<Record<string, string>>;
  /** Returns the credentials of a request with the token. */
  credentials(placement?: TokenPlacement): ApiCredentials;
  /**
   * Returns the absolute URL of an API call, and the origins that may receive the token.
   * @throws {OAuthError} when the URL is relative without a base URL, or when its origin may not receive the token
   */
  apiTarget(url: string): { url: URL; origins: ReadonlySet<string> };
}

/** Values that must not be in the result of a profile: the tokens, and the client secret. */
export function secretsOf({ config, token }: Pick<ProfileInput, 'config' | 'token'>): string[] {
  const { accessToken, refreshToken, idToken, oauthToken, oauthTokenSecret } = token;
  const secrets = [accessToken, refreshToken, idToken, oauthToken, oauthTokenSecret, config.clientSecret];
  return secrets.filter((secret): secret is string => typeof secret === 'string' && secret !== '');
}

/** Fields of a token that are not fields of the token response, or that are credentials. */
const OWN_FIELDS = [
  ...['accessToken', 'refreshToken', 'idToken', 'dpopKey', 'resource'],
  ...['oauthToken', 'oauthTokenSecret', 'issuer', 'clientId'],
];
const WIRE_NAMES = new Map([
  ['tokenType', 'token_type'],
  ['expiresAt', 'expires_at'],
  ['expiresIn', 'expires_in'],
]);

/** Returns the fields of a token response by their wire names, without the tokens. */
export function responseFields(token: OAuth1Token | OAuth2Token): Record<string, unknown> {
  const fields = Object.entries(token).filter(([name]) => !OWN_FIELDS.includes(name));
  return Object.fromEntries(fields.map(([name, value]) => [WIRE_NAMES.get(name) ?? name, value]));
}
