import type { AxiosAdapter } from 'axios';
import { MemoryTokenStore } from 'nestjs-oauth-client/stores';
import { startClient } from '../api/client.js';
import { randomlyFrom } from '../support/randomly-from.js';

/** The API is not called, so that it is not measured. */
const adapter: AxiosAdapter = (config) =>
  Promise.resolve({ data: '{}', status: 200, statusText: 'OK', headers: {}, config });

/** Returns an API call for a random one of `count` users. */
export async function callsOfUsers(count: number): Promise<{ call: () => Promise<unknown>; close(): Promise<void> }> {
  const tokenStore = new MemoryTokenStore();
  const users = Array.from({ length: count }, (_, index) => `user-${index}`);
  for (const user of users) {
    const token = { accessToken: `access-token-of-${user}`, tokenType: 'bearer', expiresAt: 4_102_444_800 };
    await tokenStore.save({ name: 'provider', user }, token);
  }
  const { app, nest } = await startClient('http://127.0.0.1/', { http: { adapter }, tokenStore });
  const user = randomlyFrom(users);
  return { call: () => app.get('user', { user: user() }), close: () => nest.close() };
}
