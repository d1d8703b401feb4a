import { NestFactory } from '@nestjs/core';
import { exportJWK } from 'jose';
import { OAuthClientModule, OAuthRegistry } from 'nestjs-oauth-client';
import * as client from 'openid-client';
import type { Comparison, Figure } from './figure.js';
import { Child } from './support/child.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { concurrentCalls } from './support/repeat.js';

const CONCURRENCY = 50;
const PATH = 'user';
const CLIENT_ID = 'a-client';
const ACCESS_TOKEN = 'ya29.a0AfH6SMBx-0123456789';

/** API calls with a DPoP-bound token (RFC 9449) against the same calls with `openid-client`. */
export const dpopCall: Figure = { name: 'dpop-call', unit: 'calls/s', goal: 1.1, kind: 'rate', open };

async function open(): Promise<Comparison> {
  const api = await Child.start<string>(new URL('./api/server.js', import.meta.url), 'DPoP');
  const httpAgent = keepAliveAgent(CONCURRENCY);
  const keyPair = await client.randomDPoPKeyPair('ES256', { extractable: true });
  const token = {
    accessToken: ACCESS_TOKEN,
    tokenType: 'DPoP',
    expiresAt: 4_102_444_800,
    dpopKey: await exportJWK(keyPair.privateKey),
  };

  const module = OAuthClientModule.forRoot({
    http: { timeout: 10_000, httpAgent },
    clients: {
      provider: {
        client_id: CLIENT_ID,
        client_secret: 'a-secret',
        access_token_url: `${api.ready}token`,
        authorize_url: `${api.ready}authorize`,
        api_base_url: api.ready,
        dpop_bound_access_tokens: true,
        allow_insecure_http: true,
      },
    },
  });
  const nest = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  const app = nest.get(OAuthRegistry).get('provider');
  const config = new client.Configuration({ issuer: api.ready }, CLIENT_ID);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the API of the bench has no TLS
  client.allowInsecureRequests(config);
  config.timeout = 10;
  const DPoP = client.getDPoPHandle(config, keyPair);

  const ours = () => app.get(PATH, { token });
  const peer = async (): Promise<unknown> => {
    const url = new URL(PATH, api.ready);
    const response = await client.fetchProtectedResource(config, ACCESS_TOKEN, url, 'GET', null, undefined, { DPoP });
    if (!response.ok) throw new Error(`the API responded with the status ${response.status}`);
    return response.json();
  };
  return {
    ours: concurrentCalls(ours, CONCURRENCY),
    peer: concurrentCalls(peer, CONCURRENCY),
    warmUps: 4,
    async close() {
      await nest.close();
      httpAgent.destroy();
      await api.stop();
    },
  };
}
