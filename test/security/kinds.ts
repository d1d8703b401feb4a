import { describe } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { connectRedis, describeWithRedis } from '../support/engines.js';
import type { TestAppOptions } from '../support/test-app.js';

/** A platform, and the store of pending logins. */
export interface Kind {
  platform: 'express' | 'fastify';
  state: 'session' | 'cookie' | 'redis';
  /** Returns the options of an app of this kind. The app's test closes the connection. */
  options(): Promise<Pick<TestAppOptions, 'platform' | 'state' | 'encryptionKeys'>>;
  close(): Promise<void>;
}

/** Declares the tests for every platform and every state store. */
export function describeEveryKind(tests: (kind: Kind) => void): void {
  for (const platform of ['express', 'fastify'] as const) {
    for (const state of ['session', 'cookie', 'redis'] as const) {
      const declare = state === 'redis' ? describeWithRedis : describe;
      declare(`on ${platform}, with logins in ${state}:`, () => tests(kindOf(platform, state)));
    }
  }
}

function kindOf(platform: Kind['platform'], state: Kind['state']): Kind {
  const connections: { close(): Promise<unknown> }[] = [];
  return {
    platform,
    state,
    async options() {
      if (state === 'session') return { platform, state };
      if (state === 'cookie') return { platform, state, encryptionKeys: Buffer.alloc(32, 1).toString('base64') };
      const client = await connectRedis();
      connections.push(client);
      return { platform, state: new RedisStateStore(client, { prefix: `test:${randomUUID()}:` }) };
    },
    async close() {
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
    },
  };
}
