import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Request } from 'express';
import type { OAuth1Token as Token1, OAuth2Token as Token2, SimpleTokenStore } from 'nestjs-oauth-client';
import type { EndedSession, StoredToken, UpdateTokenContext } from 'nestjs-oauth-client/stores';
import { Repository } from 'typeorm';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { OAuth1Token } from './oauth1-token.entity.js';
import { OAuth2Token } from './oauth2-token.entity.js';

/** What the page shows of a token. */
export interface Connection {
  /** When the token expires; `null` is never. */
  expiry: Date | null;
  /** Whether it is bound to a key (DPoP). */
  isBound: boolean;
}

/** Keeps the users' tokens; the library asks it whenever it calls a provider's API. */
@Injectable()
export class TokensService implements SimpleTokenStore {
  constructor(
    @InjectRepository(OAuth1Token) private readonly oauth1: Repository<OAuth1Token>,
    @InjectRepository(OAuth2Token) private readonly oauth2: Repository<OAuth2Token>,
    private readonly sessions: SessionsService,
  ) {}

  /** Called by the library: the token of the user who makes this request. */
  async fetchToken(name: string, { session }: Request): Promise<StoredToken | undefined> {
    if (session.userId === undefined) return undefined;
    const where = { name, user: { id: session.userId } };
    const row = (await this.oauth2.findOneBy(where)) ?? (await this.oauth1.findOneBy(where));
    return row?.toToken();
  }

  /** Called by the library: a token was refreshed. */
  async updateToken(name: string, token: Token2, { refreshToken }: UpdateTokenContext): Promise<void> {
    if (refreshToken === undefined) return; // TypeORM would update every row of the provider
    await this.oauth2.update({ name, refreshToken }, columns(token));
  }

  /** Called by the library: a session has ended at the provider, and so the one here that began with it must. */
  async onBackchannelLogout({ name, sub, sid }: EndedSession): Promise<void> {
    await this.sessions.end(({ openIdProvider, claims }) => {
      return openIdProvider === name && (sid === undefined ? claims?.sub === sub : claims?.sid === sid);
    });
  }

  /** Saves what a login has brought. */
  async save(name: string, user: User, token: Token1 | Token2): Promise<void> {
    if (isOAuth1(token)) {
      const { oauthToken, oauthTokenSecret, issuer = null, clientId = null } = token;
      await this.oauth1.upsert({ name, user, oauthToken, oauthTokenSecret, issuer, clientId }, ['user', 'name']);
    } else {
      await this.oauth2.upsert({ name, user, ...columns(token) }, ['user', 'name']);
    }
  }

  /** The last that is heard of a token: its user signs out. */
  async take(name: string, userId: number | undefined): Promise<Token2 | undefined> {
    const row = userId === undefined ? null : await this.oauth2.findOneBy({ name, user: { id: userId } });
    if (row) await this.oauth2.delete(row.id);
    return row?.toToken();
  }

  /** The user's tokens, by provider. */
  async connections(user: User): Promise<Map<string, Connection>> {
    const where = { user: { id: user.id } };
    const [oauth1, oauth2] = await Promise.all([this.oauth1.findBy(where), this.oauth2.findBy(where)]);
    return new Map([
      ...oauth1.map(({ name }) => [name, { expiry: null, isBound: false }] as const),
      ...oauth2.map(({ name, expiresAt, dpopKey }) => {
        const expiry = expiresAt === null ? null : new Date(expiresAt * 1000);
        return [name, { expiry, isBound: dpopKey !== null }] as const;
      }),
    ]);
  }
}

/** What a token lacks is `null`, so that nothing of the one before stays. */
function columns(token: Token2) {
  const { tokenType, accessToken, refreshToken = null, expiresAt = null, idToken = null, dpopKey = null } = token;
  const { issuer = null, clientId = null } = token;
  return { tokenType, accessToken, refreshToken, expiresAt, idToken, dpopKey, issuer, clientId };
}

function isOAuth1(token: Token1 | Token2): token is Token1 {
  return 'oauthToken' in token;
}
