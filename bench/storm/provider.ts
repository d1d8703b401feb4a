import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OAuth2Token } from 'nestjs-oauth-client';

/** How long the provider takes to refresh a token. */
export const REFRESH_MS = 100;

/** A provider that accepts every refresh token only once. */
export interface StormProvider {
  url: string;
  issueExpired(user: string): OAuth2Token;
  /** Returns a token that need not be refreshed. */
  issueValid(): OAuth2Token;
  /** The number of refresh requests for the user, with any token. */
  refreshesOf(user: string): number;
  close(): Promise<void>;
}

export async function startProvider(): Promise<StormProvider> {
  const users = new Map<string, string>();
  const refreshes = new Map<string, number>();

  const issue = (user: string): string => {
    const refreshToken = randomUUID();
    users.set(refreshToken, user);
    return refreshToken;
  };

  const server = createServer((request, response) => {
    void (async () => {
      const used = new URLSearchParams(await text(request)).get('refresh_token') ?? '';
      const user = users.get(used) ?? '';
      const count = (refreshes.get(user) ?? 0) + 1;
      refreshes.set(user, count);
      await sleep(REFRESH_MS);
      const token = { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600, refresh_token: issue(user) };
      const [status, body] = count === 1 ? [200, token] : [400, { error: 'invalid_grant' }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    issueExpired: (user) => ({
      accessToken: randomUUID(),
      tokenType: 'bearer',
      refreshToken: issue(user),
      expiresAt: 1,
    }),
    issueValid: () => ({ accessToken: randomUUID(), tokenType: 'bearer', expiresAt: 4_102_444_800 }),
    refreshesOf: (user) => refreshes.get(user) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
