import { randomUUID } from 'node:crypto';
import { tokenKey } from '../token/token-key.js';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from '../token/token-store.js';
import type { OAuth1Token, OAuth2Token, StoredToken } from '../token/token.js';
import { commandsOf, type RedisClient, type SendCommand } from './redis-client.js';

/** Options of {@link RedisTokenStore}. */
export interface RedisTokenStoreOptions {
  /**
   * The prefix of all keys in Redis.
   * @default 'oauth:'
   */
  prefix?: string;
}

/** The version of a removed token, a tombstone for an hour. It makes a save fail that started before the removal. */
const REMOVED = 'removed';
/** How long after a start of Redis locks are not taken over, so that running processes can reconnect and save their tokens. */
const START_GRACE_MS = 3000;
/** The expected version of an operation that accepts any version. */
const ANY_VERSION = '*';

/** If the key is missing, Redis lost it (a removal leaves a tombstone), so a save that expects a version may proceed. */
const SAVE = `
  local held = redis.call('HGET', KEYS[1], 'version')
  if ARGV[3] ~= '${ANY_VERSION}' and held and held ~= ARGV[3] then return 0 end
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'token', ARGV[2])
  redis.call('PERSIST', KEYS[1])
  return 1`;

const REMOVE = `
  local held = redis.call('HGET', KEYS[1], 'version')
  if ARGV[1] ~= '${ANY_VERSION}' and held ~= ARGV[1] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', '${REMOVED}')
  redis.call('EXPIRE', KEYS[1], 3600)
  if held and held ~= '${REMOVED}' then return 1 else return 0 end`;

/**
 * The second key is the intent. It remains when the lease of the lock ends, and shows that a refresh was not finished. A lock
 * without an expiry, or with an expiry that is too long for a lease, was not created by this library, and receives an expiry.
 * Locks are not taken over directly after a start of Redis (if INFO is allowed): while Redis was down, no process could save its
 * token, and a process with an unsaved token must be able to save it first.
 */
const LOCK = `
  local unfinished = redis.call('GET', KEYS[2])
  if unfinished and redis.call('EXISTS', KEYS[1]) == 0 then
    local uptime = string.match(tostring(redis.pcall('INFO', 'server')), 'uptime_in_seconds:(%d+)')
    local left = uptime and ${START_GRACE_MS} - 1000 * tonumber(uptime) or 0
    if left > 0 then redis.call('SET', KEYS[1], unfinished, 'PX', left) end
  end
  if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    local interrupted = redis.call('EXISTS', KEYS[2])
    redis.call('SET', KEYS[2], ARGV[1], 'EX', 3600)
    return interrupted
  end
  local left = redis.call('PTTL', KEYS[1])
  if left == -1 or left > 10 * tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return -1`;

const EXTEND = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE = `
  for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
  end`;

/**
 * Keeps tokens in Redis 6 or newer, for all processes. Configure Redis with persistence and `maxmemory-policy noeviction`, because
 * the tokens are not stored anywhere else. Errors do not contain tokens.
 */
export class RedisTokenStore implements TokenStore {
  readonly #send: SendCommand;
  readonly #prefix: string;

  /** @throws {OAuthConfigError} when `client` is not a client of the package `redis` or `ioredis` */
  constructor(client: RedisClient, { prefix = 'oauth:' }: RedisTokenStoreOptions = {}) {
    this.#send = commandsOf(client);
    this.#prefix = prefix;
  }

  async fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    const fields = await this.#send('HMGET', this.#keyOf(key, 'token'), 'version', 'token');
    const [version, token] = fields as (string | null)[];
    return version && token ? { token: JSON.parse(token) as StoredToken, version } : undefined;
  }

  async save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    const version = randomUUID();
    const replaced = expected === undefined ? ANY_VERSION : (expected ?? REMOVED);
    const keys = [this.#keyOf(key, 'token')];
    return (await this.#run(SAVE, keys, version, JSON.stringify(token), replaced)) === 1 ? version : undefined;
  }

  async remove(key: TokenKey, expected = ANY_VERSION): Promise<boolean> {
    return (await this.#run(REMOVE, [this.#keyOf(key, 'token')], expected)) === 1;
  }

  async lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    const keys = [this.#keyOf(key, 'lock'), this.#keyOf(key, 'intent')];
    const holder = randomUUID();
    const interrupted = await this.#run(LOCK, keys, holder, String(lease));
    if (interrupted === -1) return undefined;
    return {
      interrupted: interrupted === 1,
      extend: async (lease) => (await this.#run(EXTEND, keys.slice(0, 1), holder, String(lease))) === 1,
      release: async () => {
        await this.#run(RELEASE, keys, holder);
      },
    };
  }

  async #run(script: string, keys: readonly string[], ...args: string[]): Promise<number> {
    return Number(await this.#send('EVAL', script, String(keys.length), ...keys, ...args));
  }

  /** Returns the Redis key of an entry. The encoding keeps keys distinct, and the braces keep the entries of a token in one slot. */
  #keyOf(key: TokenKey, what: 'token' | 'lock' | 'intent'): string {
    const { name, user } = tokenKey(key.name, key.user);
    return `${this.#prefix}{${encodeURIComponent(name)}:${encodeURIComponent(user)}}:${what}`;
  }
}
