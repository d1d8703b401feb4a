import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthRegistry, type OAuthClientModuleOptions, type RemoteApp } from 'nestjs-oauth-client';

/** Returns a client of the API at `url`. */
export async function startClient(
  url: string,
  options: OAuthClientModuleOptions,
): Promise<{ app: RemoteApp; nest: INestApplicationContext }> {
  const provider = {
    client_id: 'a-client',
    client_secret: 'a-secret',
    access_token_url: `${url}token`,
    authorize_url: `${url}authorize`,
    api_base_url: url,
    allow_insecure_http: true,
  };
  const module = OAuthClientModule.forRoot({ ...options, clients: { provider } });
  const nest = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  return { app: nest.get(OAuthRegistry).get('provider'), nest };
}
