import type { JWK } from 'jose';
import { ownField } from '../common/own-field.js';
import { InvalidTokenError } from '../errors/oauth.errors.js';
import { expiryOfStored } from './expiry.js';
import { readScope, readTokenType } from './token-fields.js';

/** An OAuth 1.0a access token and its secret (RFC 5849 §2.3). */
export interface OAuth1Token {
  /** `oauth_token` */
  oauthToken: string;
  /** `oauth_token_secret` */
  oauthTokenSecret: string;
  /** The provider that issued the token: the endpoint or issuer in the client's settings. */
  issuer?: string;
  /** The client that the token was issued to: its client identifier at the provider. */
  clientId?: string;
  /** Other fields of the provider's response, with the provider's names (`screen_name`, `user_id`). */
  [extra: string]: unknown;
}

/** An OAuth 2.0 access token and the other fields of its token response (RFC 6749 §5.1). */
export interface OAuth2Token {
  /** `access_token` */
  accessToken: string;
  /** `token_type`, in lower case; `bearer` in most cases. */
  tokenType: string;
  /** `refresh_token` */
  refreshToken?: string;
  /** When the token expires, in seconds since 1970. Undefined if the provider sent no expiry. */
  expiresAt?: number;
  /** `expires_in`: the lifetime of the token, in seconds since it was issued. */
  expiresIn?: number;
  /** The granted `scope`. Undefined if the response has none. */
  scope?: string;
  /** `id_token`, unchanged (OpenID Connect Core §3.1.3.3). */
  idToken?: string;
  /** The requested resources, if they are not those of the settings (RFC 8707). A refresh requests these resources again. */
  resource?: string[];
  /** The private JWK that a token of the type `dpop` is bound to (RFC 9449). The token cannot be used without it: store both. */
  dpopKey?: JWK;
  /** The provider that issued the token: the endpoint or issuer in the client's settings. */
  issuer?: string;
  /** The client that the token was issued to: its client identifier at the provider. */
  clientId?: string;
  /** Other fields of the provider's response, with the provider's names. */
  [extra: string]: unknown;
}

/** A stored OAuth 1 token, with the names of this library or with wire names. An absent field may be `null`. */
export type StoredOAuth1Token = (
  { oauthToken: string; oauthTokenSecret: string } | { oauth_token: string; oauth_token_secret: string }
) & { issuer?: string | null; clientId?: string | null };

/** A stored OAuth 2 token, with the names of this library or with wire names. An absent field may be `null`. */
export type StoredOAuth2Token =
  | {
      accessToken: string;
      tokenType?: string | null;
      refreshToken?: string | null;
      expiresAt?: number | string | bigint | Date | null;
      expiresIn?: number | string | bigint | null;
      scope?: string | readonly string[] | null;
      idToken?: string | null;
      dpopKey?: JWK | null;
      issuer?: string | null;
      clientId?: string | null;
    }
  | {
      access_token: string;
      token_type?: string | null;
      refresh_token?: string | null;
      expires_at?: number | string | bigint | Date | null;
      expires_in?: number | string | bigint | null;
      scope?: string | readonly string[] | null;
      id_token?: string | null;
      dpop_key?: JWK | null;
      issuer?: string | null;
      clientId?: string | null;
    };

export type StoredToken = StoredOAuth1Token | StoredOAuth2Token;

type Fields = Record<string, unknown>;

const OAUTH1_NAMES = { oauth_token: 'oauthToken', oauth_token_secret: 'oauthTokenSecret' };
const OAUTH2_NAMES = {
  access_token: 'accessToken',
  token_type: 'tokenType',
  refresh_token: 'refreshToken',
  expires_at: 'expiresAt',
  expires_in: 'expiresIn',
  id_token: 'idToken',
  dpop_key: 'dpopKey',
};

/**
 * Returns a stored OAuth 1 token. Reads the names of this library and the wire names.
 * @throws {InvalidTokenError} when the value has no token or no token secret
 */
export function readOAuth1Token(value: object): OAuth1Token {
  const { oauthToken, oauthTokenSecret, ...extra } = rename(value, OAUTH1_NAMES);
  if (!isText(oauthToken) || typeof oauthTokenSecret !== 'string') {
    throw notAToken('an OAuth 1 token has `oauthToken` and `oauthTokenSecret`', value);
  }
  return { ...extra, oauthToken, oauthTokenSecret };
}

/**
 * Returns a stored OAuth 2 token. Reads the names of this library and the wire names. Ignores an expiry that is not valid.
 * @throws {InvalidTokenError} when the value has no access token
 */
export function readOAuth2Token(value: object, now = Date.now()): OAuth2Token {
  const { accessToken, tokenType, refreshToken, expiresAt, expiresIn, scope, ...extra } = rename(value, OAUTH2_NAMES);
  if (!isText(accessToken)) throw notAToken('an OAuth 2 token has `accessToken`', value);
  const granted = readScope(scope);
  return {
    ...extra,
    accessToken,
    tokenType: readTokenType(tokenType) ?? 'bearer',
    ...(isText(refreshToken) && { refreshToken }),
    ...expiryOfStored({ expiresAt, expiresIn }, now),
    ...(granted !== undefined && { scope: granted }),
  };
}

/** Returns whether the token is expired, or expires within `leeway` seconds. A token without an expiry never expires. */
export function isExpired(token: OAuth2Token, leeway = 0, now = Date.now()): boolean {
  return token.expiresAt !== undefined && token.expiresAt - leeway <= now / 1000;
}

function rename(value: object, names: Record<string, string>): Fields {
  const renamed: [name: string, field: unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    if (field !== null && field !== undefined) renamed.push([ownField(names, name) ?? name, field]);
  }
  return Object.fromEntries(renamed);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function notAToken(expected: string, value: object): InvalidTokenError {
  const names = Object.keys(value).slice(0, 10).join(', ') || 'no fields';
  return new InvalidTokenError({ description: `${expected}; what came has ${names}`, status: 500 });
}
