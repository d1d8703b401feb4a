import { describe } from '@jest/globals';
import { RedisStateStore } from 'nestjs-oauth-client/redis';
import { describeWithRedis, useRedis } from '../support/engines.js';
import type { TestAppOptions } from '../support/test-app.js';

/** A platform, and the store of pending logins. */
export interface Kind {
  platform: 'express' | 'fastify';
  state: 'session' | 'cookie' | 'redis';
  /** Returns the options of an app of this kind. */
  options(): Pick<TestAppOptions, 'platform' | 'state' | 'encryptionKeys'>;
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
  const redis = state === 'redis' ? useRedis() : undefined;
  return {
    platform,
    state,
    options() {
      if (state === 'session') return { platform, state };
      if (redis) return { platform, state: new RedisStateStore(redis.client, redis) };
      return { platform, state: 'cookie', encryptionKeys: Buffer.alloc(32, 1).toString('base64') };
    },
  };
}
