import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { fieldsOf } from '../common/fields-of.js';
import { errorType } from '../observability/error-type.js';
import { LastGoodCopy } from '../common/last-good-copy.js';
import { clamp } from '../common/limits.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import { inTime } from '../refresh/in-time.js';
import { ConfiguredTokens } from '../module/configured-tokens.js';

/** For how many seconds a result is reused, however often the application is probed. */
const LIFETIME_S = 5;
/** Seconds after which a check without a response counts as failed. */
const GIVE_UP_S = 60;
/** Milliseconds that a probe waits by default. */
const DEFAULT_TIMEOUT_MS = 3_000;
/** Maximum number of milliseconds that a probe waits. A timer over 24.8 days would fire immediately. */
const MAX_TIMEOUT_MS = 60_000;
/** Maximum number of clients that are checked by default. */
const MAX_CLIENTS = 20;

/** Options of {@link OAuthHealthIndicator.check}. */
export interface OAuthHealthOptions {
  /**
   * Names of the clients to check. Clients of `resolveClient` are checked only if they are named.
   * @default the first 20 configured and registered clients that this process has used
   */
  clients?: string[];
  /** Milliseconds after which a part that has not responded counts as down, at most 60000. @default 3000 */
  timeout?: number;
}

/** The state of one part, and the reason if the part is down. Never contains a secret. */
export interface PartHealth {
  status: 'up' | 'down';
  message?: string;
}

/** The result of a check: `down` if at least one part is down. */
export interface OAuthHealth {
  status: 'up' | 'down';
  /** Whether the provider's metadata and keys can be read, by client name. */
  clients: Record<string, PartHealth>;
  /** Whether the token store responds. Undefined if the application has no `TokenStore`. */
  tokenStore?: PartHealth;
}

/**
 * A health indicator for `@nestjs/terminus`. Use it for readiness checks or a dashboard, not for liveness checks: a restart
 * of the application does not repair a provider.
 *
 * @example
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.oauth.check('oauth', { clients: ['harbour'] })]);
 * }
 */
@Injectable()
export class OAuthHealthIndicator {
  readonly #registry: OAuthRegistry;
  readonly #tokens: ConfiguredTokens;
  readonly #copies = new WeakMap<object, LastGoodCopy<PartHealth | undefined>>();

  /** @internal */
  constructor(registry: OAuthRegistry, tokens: ConfiguredTokens) {
    this.#registry = registry;
    this.#tokens = tokens;
  }

  /**
   * Checks the providers of the clients, and the token store. Metadata is read as often as for logins, and keys at most once
   * a minute. A plain OAuth 2.0 or OAuth 1 provider has no endpoint to check. Never throws.
   * @param key the key of the result
   */
  async check<Key extends string = 'oauth'>(
    key: Key = 'oauth' as Key,
    { clients = this.#registry.usedNames.slice(0, MAX_CLIENTS), timeout: requested }: OAuthHealthOptions = {},
  ): Promise<Record<Key, OAuthHealth>> {
    const timeout = clamp(requested, 1, MAX_TIMEOUT_MS, DEFAULT_TIMEOUT_MS);
    const timer = new AbortController();
    const late: Promise<PartHealth> = sleep(timeout, undefined, { signal: timer.signal }).then(
      () => ({ status: 'down', message: `no answer within ${timeout} ms` }),
      () => ({ status: 'down' }),
    );
    const [tokenStore, ...results] = await Promise.all([
      Promise.race([this.#checkTokenStore(), late]),
      ...clients.map((name) => Promise.race([this.#checkClient(name), late])),
    ]);
    timer.abort();
    const parts = Object.fromEntries(clients.map((name, index) => [name, results[index] ?? UP]));
    const isUp = [tokenStore ?? UP, ...Object.values(parts)].every(({ status }) => status === 'up');
    const health: OAuthHealth = { status: isUp ? 'up' : 'down', clients: parts, ...(tokenStore && { tokenStore }) };
    return { [key]: health } as Record<Key, OAuthHealth>;
  }

  async #checkClient(name: string): Promise<PartHealth | undefined> {
    try {
      const app = await this.#registry.resolve(name);
      return await this.#cached(app, () => app.checkProvider().then(() => UP));
    } catch (error) {
      return down(error); // the client does not exist
    }
  }

  #checkTokenStore(): Promise<PartHealth | undefined> {
    return this.#cached(this.#tokens, async () => ((await this.#tokens.check()) ? UP : undefined));
  }

  /** Returns the result of a check, or the previous result for {@link LIFETIME_S} seconds. */
  #cached(part: object, check: () => Promise<PartHealth | undefined>): Promise<PartHealth | undefined> {
    const noAnswer = () => new Error(`no answer within ${GIVE_UP_S} s`);
    const copy = this.#copies.get(part) ?? new LastGoodCopy(() => inTime(check(), GIVE_UP_S, noAnswer).catch(down));
    this.#copies.set(part, copy);
    return copy.get(() => LIFETIME_S);
  }
}

const UP: PartHealth = { status: 'up' };

/** Omits the message of an error from outside this library, such as a database's error: it may contain a secret. */
function down(error: unknown): PartHealth {
  if (error instanceof OAuthError) return { status: 'down', message: error.message };
  const { code } = fieldsOf(error);
  const isCode = typeof code === 'string' && /^\w{1,40}$/.test(code);
  return { status: 'down', message: `failed (${isCode ? code : errorType(error)})` };
}
