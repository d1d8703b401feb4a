import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Request } from 'express';
import type {
  OAuth1Token as Token1,
  OAuth2Token as Token2,
  StoredToken,
  TokenStore,
  UpdateTokenContext,
} from 'nestjs-oauth-client';
import { Repository } from 'typeorm';
import type { User } from '../users/user.entity.js';
import { OAuth1Token } from './oauth1-token.entity.js';
import { OAuth2Token } from './oauth2-token.entity.js';

/** Keeps the users' tokens; the library asks it whenever it calls a provider's API. */
@Injectable()
export class TokensService implements TokenStore {
  constructor(
    @InjectRepository(OAuth1Token) private readonly oauth1: Repository<OAuth1Token>,
    @InjectRepository(OAuth2Token) private readonly oauth2: Repository<OAuth2Token>,
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
    const { tokenType, accessToken, expiresAt } = token;
    await this.oauth2.update(
      { name, refreshToken },
      { tokenType, accessToken, refreshToken: token.refreshToken ?? null, expiresAt: expiresAt ?? null },
    );
  }

  /** Saves what a login has brought. */
  async save(name: string, user: User, token: Token1 | Token2): Promise<void> {
    if (isOAuth1(token)) {
      const { oauthToken, oauthTokenSecret } = token;
      await this.oauth1.upsert({ name, user, oauthToken, oauthTokenSecret }, ['user', 'name']);
    } else {
      const { tokenType, accessToken, refreshToken = null, expiresAt = null } = token;
      await this.oauth2.upsert({ name, user, tokenType, accessToken, refreshToken, expiresAt }, ['user', 'name']);
    }
  }

  /** When each token of the user expires, by provider; `null` is never. */
  async expiries(user: User): Promise<Map<string, Date | null>> {
    const where = { user: { id: user.id } };
    const [oauth1, oauth2] = await Promise.all([this.oauth1.findBy(where), this.oauth2.findBy(where)]);
    return new Map([
      ...oauth1.map(({ name }) => [name, null] as const),
      ...oauth2.map(({ name, expiresAt }) => [name, expiresAt === null ? null : new Date(expiresAt * 1000)] as const),
    ]);
  }
}

function isOAuth1(token: Token1 | Token2): token is Token1 {
  return 'oauthToken' in token;
}
