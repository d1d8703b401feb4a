// Code of an application, type-checked against the installed package with every `module` and `moduleResolution`.
import type { AxiosResponse } from 'axios';
import type { OAuth2App, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import type { OAuthHealth, OAuthHealthIndicator } from 'nestjs-oauth-client/health';
import type { TokenIntrospection } from 'nestjs-oauth-client/protocol';
import { EncryptedTokenStore, type TokenStore } from 'nestjs-oauth-client/stores';
import { RedisTokenStore, type RedisClient } from 'nestjs-oauth-client/redis';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { CreateOAuthTokens1764000000000, OAuth2TokenEntity } from 'nestjs-oauth-client/typeorm';

const TOKEN = { accessToken: 'a-token', tokenType: 'bearer' };

export async function call(app: OAuth2App): Promise<AxiosResponse<string>> {
  const { active }: TokenIntrospection = await app.introspectToken({ token: TOKEN });
  const keys: string[] = (await app.publicJwks()).keys.flatMap(({ kid }) => kid ?? []);
  return app.get<string>('user', { token: TOKEN, params: { active, keys } });
}

export async function isHealthy(indicator: OAuthHealthIndicator): Promise<boolean> {
  const { oauth }: { oauth: OAuthHealth } = await indicator.check();
  return oauth.status === 'up';
}

export function options(client: RedisClient): OAuthClientModuleOptions[] {
  const stores: TokenStore[] = [new MemoryTokenStore(), new RedisTokenStore(client)];
  return stores.map((store) => ({ tokenStore: new EncryptedTokenStore(store, ['a key of 32 characters or more …']) }));
}

export const database = { entities: [OAuth2TokenEntity], migrations: [CreateOAuthTokens1764000000000] };
