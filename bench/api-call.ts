import axios from 'axios';
import { startClient } from './api/client.js';
import type { Comparison, Figure } from './figure.js';
import { Child } from './support/child.js';
import { keepAliveAgent } from './support/keep-alive-agent.js';
import { concurrentCalls } from './support/repeat.js';

const CONCURRENCY = 50;
const PATH = 'user';
const PARAMS = { fields: 'id,name', locale: 'en' };
const TOKEN = { access_token: 'ya29.a0AfH6SMBx-0123456789', token_type: 'Bearer', expires_at: 4_102_444_800 };

/** API calls with a stored token against axios alone, with the header set by hand. */
export const apiCall: Figure = { name: 'api-call', unit: 'calls/s', goal: 0.97, kind: 'rate', open };

async function open(): Promise<Comparison> {
  const api = await Child.start<string>(new URL('./api/server.js', import.meta.url), 'Bearer');
  const httpAgent = keepAliveAgent(CONCURRENCY);
  const http = { timeout: 10_000, httpAgent };

  const { app, nest } = await startClient(api.ready, { http });
  const bare = axios.create({ ...http, baseURL: api.ready });

  const ours = () => app.get(PATH, { token: TOKEN, params: PARAMS });
  const peer = () => bare.get(PATH, { headers: { Authorization: `Bearer ${TOKEN.access_token}` }, params: PARAMS });
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
