import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { errorType } from '../observability/error-type.js';
import { LastGoodCopy } from '../common/last-good-copy.js';
import { clamp } from '../common/limits.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import { inTime } from '../refresh/in-time.js';
import { ConfiguredTokens } from '../module/configured-tokens.js';

/** Seconds for which an answer counts: nothing is checked more often, however often the application is probed. */
const LIFETIME_S = 5;
/** Seconds after which a check without an answer is given up. */
const GIVE_UP_S = 60;
/** Milliseconds that a probe waits. */
const TIMEOUT = 3_000;
/** Milliseconds that a probe waits at most; a timer that is told more fires at once. */
const MOST_PATIENCE = 60_000;
/** Clients that are checked when none are named. */
const MOST_CLIENTS = 20;

/** How {@link OAuthHealthIndicator.check} is told what to check. */
export interface OAuthHealthOptions {
  /** Names of clients. @default those that this process has used, the first 20 */
  clients?: string[];
  /** Milliseconds after which a part without an answer is down, at most 60000. @default 3000 */
  timeout?: number;
}

/** Whether one part works, and if not, why: never a secret. */
export interface PartHealth {
  status: 'up' | 'down';
  message?: string;
}

/** What a check found; `down` when one of the parts is. */
export interface OAuthHealth {
  status: 'up' | 'down';
  /** By name: whether the provider's metadata and keys can be read. */
  clients: Record<string, PartHealth>;
  /** Whether the store answers, where the application has a `TokenStore`. */
  tokenStore?: PartHealth;
}

/**
 * A health indicator in the shape of `@nestjs/terminus`, for readiness or a dashboard; not for liveness, since a restart
 * mends no provider.
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
   * Checks the providers of some clients, and the token store. Metadata is read as often as logins read it, keys at most once
   * a minute; with a plain OAuth 2.0 or OAuth 1 provider there is nothing to ask. It never throws.
   * @param key the name of the result
   */
  async check<Key extends string = 'oauth'>(
    key: Key = 'oauth' as Key,
    { clients = this.#registry.usedNames.slice(0, MOST_CLIENTS), timeout: wished }: OAuthHealthOptions = {},
  ): Promise<Record<Key, OAuthHealth>> {
    const timeout = clamp(wished, 1, MOST_PATIENCE, TIMEOUT);
    const timer = new AbortController();
    const late: Promise<PartHealth> = sleep(timeout, undefined, { signal: timer.signal }).then(
      () => ({ status: 'down', message: `no answer within ${timeout} ms` }),
      () => ({ status: 'down' }),
    );
    const [tokenStore, ...answers] = await Promise.all([
      Promise.race([this.#checkTokenStore(), late]),
      ...clients.map((name) => Promise.race([this.#checkClient(name), late])),
    ]);
    timer.abort();
    const parts = Object.fromEntries(clients.map((name, index) => [name, answers[index] ?? UP]));
    const isUp = [tokenStore ?? UP, ...Object.values(parts)].every(({ status }) => status === 'up');
    const health: OAuthHealth = { status: isUp ? 'up' : 'down', clients: parts, ...(tokenStore && { tokenStore }) };
    return { [key]: health } as Record<Key, OAuthHealth>;
  }

  async #checkClient(name: string): Promise<PartHealth | undefined> {
    try {
      const app = this.#registry.get(name);
      return await this.#ask(app, () => app.checkProvider().then(() => UP));
    } catch (error) {
      return down(error); // there is no such client
    }
  }

  #checkTokenStore(): Promise<PartHealth | undefined> {
    return this.#ask(this.#tokens, async () => ((await this.#tokens.check()) ? UP : undefined));
  }

  #ask(whom: object, question: () => Promise<PartHealth | undefined>): Promise<PartHealth | undefined> {
    const noAnswer = () => new Error(`no answer within ${GIVE_UP_S} s`);
    const copy = this.#copies.get(whom) ?? new LastGoodCopy(() => inTime(question(), GIVE_UP_S, noAnswer).catch(down));
    this.#copies.set(whom, copy);
    return copy.get(() => LIFETIME_S);
  }
}

const UP: PartHealth = { status: 'up' };

/** The message of an error that is not ours, of a database say, may hold anything. */
function down(error: unknown): PartHealth {
  if (error instanceof OAuthError) return { status: 'down', message: error.message };
  const { code } = (error ?? {}) as { code?: unknown };
  const isCode = typeof code === 'string' && /^\w{1,40}$/.test(code);
  return { status: 'down', message: `failed (${isCode ? code : errorType(error)})` };
}
