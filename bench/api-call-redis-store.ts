import axios from 'axios';
import { RedisTokenStore } from 'nestjs-oauth-client/redis';
import { createClient } from 'redis';
import { startClient } from './api/client.js';
import type { Comparison, Figure } from './figure.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { serverUrl } from './support/server-url.js';
import { Child } from './support/child.js';
import { concurrentCalls } from './support/repeat.js';

const CONCURRENCY = 50;
const PREFIX = 'bench-api-call:';
const USER = 'ada';
const TOKEN = { accessToken: 'ya29.a0AfH6SMBx-0123456789', tokenType: 'bearer', expiresAt: 4_102_444_800 };

/** API calls for a user whose token is in Redis, against a hand-written fetch of the same row and axios alone. */
export const apiCallRedisStore: Figure = {
  name: 'api-call-redis-store',
  unit: 'calls/s',
  goal: 0.97,
  kind: 'rate',
  needs: 'REDIS_URL',
  open,
};

async function open(): Promise<Comparison> {
  const redis = createClient({ url: serverUrl('REDIS_URL') });
  await redis.connect();
  const api = await Child.start<string>(new URL('./api/server.js', import.meta.url), 'Bearer');
  const httpAgent = keepAliveAgent(CONCURRENCY);
  const http = { timeout: 10_000, httpAgent };
  const tokenStore = new RedisTokenStore(redis, { prefix: PREFIX });
  await tokenStore.save({ name: 'provider', user: USER }, TOKEN);
  const [row = ''] = await redis.keys(`${PREFIX}*`);

  const { app, nest } = await startClient(api.ready, { http, tokenStore });
  const bare = axios.create({ ...http, baseURL: api.ready });

  const ours = () => app.get('user', { user: USER });
  const peer = async () => {
    const { accessToken } = JSON.parse((await redis.hGet(row, 'token')) ?? '') as typeof TOKEN;
    return bare.get('user', { headers: { Authorization: `Bearer ${accessToken}` } });
  };
  return {
    ours: concurrentCalls(ours, CONCURRENCY),
    peer: concurrentCalls(peer, CONCURRENCY),
    warmUps: 4,
    async close() {
      await redis.del(row);
      redis.destroy();
      await nest.close();
      httpAgent.destroy();
      await api.stop();
    },
  };
}
