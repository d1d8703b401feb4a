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

/** The data of a token that the page shows. */
export interface Connection {
  /** The expiry of the token. `null` if it does not expire. */
  expiry: Date | null;
  /** Whether the token is bound to a key (DPoP). */
  isBound: boolean;
}

/** Keeps the users' tokens. The library calls it for every API call. */
@Injectable()
export class TokensService implements SimpleTokenStore {
  constructor(
    @InjectRepository(OAuth1Token) private readonly oauth1: Repository<OAuth1Token>,
    @InjectRepository(OAuth2Token) private readonly oauth2: Repository<OAuth2Token>,
    private readonly sessions: SessionsService,
  ) {}

  /** Called by the library. Returns the token of the user who sent the request. */
  async fetchToken(name: string, { session }: Request): Promise<StoredToken | undefined> {
    if (session.userId === undefined) return undefined;
    const where = { name, user: { id: session.userId } };
    const row = (await this.oauth2.findOneBy(where)) ?? (await this.oauth1.findOneBy(where));
    return row?.toToken();
  }

  /** Called by the library. Saves a refreshed token. */
  async updateToken(name: string, token: Token2, { refreshToken }: UpdateTokenContext): Promise<void> {
    if (refreshToken === undefined) return; // with undefined, TypeORM would update every row of the client
    await this.oauth2.update({ name, refreshToken }, columns(token));
  }

  /** Called by the library when a session has ended at the provider. Ends the sessions that were started with it. */
  async onBackchannelLogout({ name, sub, sid }: EndedSession): Promise<void> {
    await this.sessions.end(({ openIdProvider, claims }) => {
      return openIdProvider === name && (sid === undefined ? claims?.sub === sub : claims?.sid === sid);
    });
  }

  /** Saves the token of a login. */
  async save(name: string, user: User, token: Token1 | Token2): Promise<void> {
    if (isOAuth1(token)) {
      const { oauthToken, oauthTokenSecret, issuer = null, clientId = null } = token;
      await this.oauth1.upsert({ name, user, oauthToken, oauthTokenSecret, issuer, clientId }, ['user', 'name']);
    } else {
      await this.oauth2.upsert({ name, user, ...columns(token) }, ['user', 'name']);
    }
  }

  /** Removes the token of a user who signs out, and returns it. */
  async take(name: string, userId: number | undefined): Promise<Token2 | undefined> {
    const row = userId === undefined ? null : await this.oauth2.findOneBy({ name, user: { id: userId } });
    if (row) await this.oauth2.delete(row.id);
    return row?.toToken();
  }

  /** Returns the user's connections by client name. */
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

/** Returns the columns of a token. A missing field is `null`, so that it overwrites the field of the previous token. */
function columns(token: Token2) {
  const { tokenType, accessToken, refreshToken = null, expiresAt = null, idToken = null, dpopKey = null } = token;
  const { issuer = null, clientId = null } = token;
  return { tokenType, accessToken, refreshToken, expiresAt, idToken, dpopKey, issuer, clientId };
}

function isOAuth1(token: Token1 | Token2): token is Token1 {
  return 'oauthToken' in token;
}
