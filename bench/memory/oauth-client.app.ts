import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthRegistry, type OAuth2App } from 'nestjs-oauth-client';
import { randomBytes } from 'node:crypto';
import { BASE_URL, CALLBACK_PATH, PROVIDER } from '../login/provider.js';
import type { LoginApp } from './logins.js';
import { tokenEndpoint } from './token-endpoint.js';

const { scope, ...settings } = PROVIDER;
const module = OAuthClientModule.forRoot({
  state: 'cookie',
  encryptionKeys: randomBytes(32).toString('base64'),
  baseUrl: BASE_URL,
  http: { adapter: tokenEndpoint },
  clients: { provider: { ...settings, clientKwargs: { scope } } },
});
const nest = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
const provider = nest.get(OAuthRegistry).get<OAuth2App>('provider');

export const app: LoginApp = {
  async begin(request, response) {
    return (await provider.authorizeRedirect(request, response, CALLBACK_PATH)).url;
  },
  async finish(request, response) {
    return (await provider.completeLogin(request, response)).token.accessToken;
  },
};
