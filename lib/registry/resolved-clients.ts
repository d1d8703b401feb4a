import type { OAuthRequest } from '../common/oauth-request.js';
import { throwFaults } from '../errors/oauth.errors.js';
import { askApplication } from '../remote-app/ask-application.js';
import type { RemoteApp } from '../remote-app/remote-app.js';
import { areSameSettings, copyOfSettings } from './settings-copy.js';
import { answerFaults } from './answer-faults.js';

/** Maximum number of clients in the cache. */
const MAX_CLIENTS = 1000;
/** How long a client is used before `resolveClient` is called again. */
const LIFETIME_MS = 300_000;

/** The parts of the registry that the cache uses. */
export interface ResolverContext {
  /** Returns the settings of a client, or undefined or null if the client does not exist. */
  resolveClient?: (name: string, request?: OAuthRequest) => unknown;
  /**
   * Builds the app of a client.
   * @throws {OAuthConfigError} with every fault of the settings
   */
  build(name: string, settings: Record<string, unknown>): RemoteApp;
  /** Receives an app that left the cache, and finishes its refreshes. */
  retire(app: RemoteApp): void;
  /** Looks up a client again, after it was forgotten or registered while `resolveClient` was running. */
  findAgain(name: string): Promise<RemoteApp | undefined>;
}

interface Entry {
  readonly app: RemoteApp;
  /** Already resolved. Kept, because creating a promise takes longer than the rest of a lookup. */
  readonly found: Promise<RemoteApp>;
  readonly settings: Record<string, unknown>;
  /** In the milliseconds of `performance.now()`, because a change of the clock must not keep a client forever. */
  until: number;
  /** Whether the client was used since it was last considered for eviction. */
  isUsed: boolean;
}

/**
 * The cache of the clients that `resolveClient` returned, by name. Concurrent requests for a name share one call. A name that
 * `resolveClient` does not know, and an error, are not cached, so that unknown names evict no clients.
 *
 * A `resolveClient` with the parameter `request` is called every time: a result for one request must not serve another request. The
 * client is kept as long as its settings are equal.
 */
export class ResolvedClients {
  readonly #context: ResolverContext;
  readonly #dependsOnRequest: boolean;
  readonly #entries = new Map<string, Entry>();
  /** The running calls of `resolveClient`. */
  readonly #calls = new Map<string, Promise<RemoteApp | undefined>>();

  constructor(context: ResolverContext) {
    this.#context = context;
    this.#dependsOnRequest = (context.resolveClient?.length ?? 0) > 1;
  }

  /** The apps of all cached clients. */
  get apps(): RemoteApp[] {
    return Array.from(this.#entries.values(), ({ app }) => app);
  }

  /** Returns a client from the cache, or undefined if `resolveClient` must be called. */
  cached(name: string): Promise<RemoteApp> | undefined {
    const entry = this.#entries.get(name);
    if (!entry || this.#dependsOnRequest || performance.now() >= entry.until) return undefined;
    entry.isUsed = true;
    return entry.found;
  }

  /**
   * Returns a client from the cache or from `resolveClient`, or undefined if it does not exist.
   * @throws {OAuthConfigError} when `resolveClient` fails, or when the settings have faults
   */
  find(name: string, request?: OAuthRequest): Promise<RemoteApp | undefined> {
    if (this.#dependsOnRequest) return this.#ask(name, request);
    const running = this.cached(name) ?? this.#calls.get(name);
    if (running) return running;
    const isCurrent = (): boolean => this.#calls.get(name) === call;
    const call = this.#ask(name, undefined, isCurrent).finally(() => isCurrent() && this.#calls.delete(name));
    this.#calls.set(name, call);
    return call;
  }

  /** Removes a client from the cache, and ignores a call that is running for it. Returns whether the cache had the client. */
  forget(name: string): boolean {
    this.#calls.delete(name);
    return this.#drop(name);
  }

  /** @param isCurrent returns false when the client was forgotten since the call, so that its result may be outdated */
  async #ask(name: string, request?: OAuthRequest, isCurrent = () => true): Promise<RemoteApp | undefined> {
    const { resolveClient } = this.#context;
    const ask = (): unknown => (this.#dependsOnRequest ? resolveClient?.(name, request) : resolveClient?.(name));
    const answer = await askApplication(`resolveClient("${name}")`, ask);
    if (!isCurrent()) return this.#context.findAgain(name);
    if (answer === undefined || answer === null) {
      // a request with a forged host must not remove the client that other requests use
      if (!this.#dependsOnRequest) this.#drop(name);
      return undefined;
    }
    throwFaults(answerFaults(name, answer));
    const settings = copyOfSettings(answer as Record<string, unknown>);
    const known = this.#entries.get(name);
    if (known && areSameSettings(known.settings, settings)) {
      known.until = performance.now() + LIFETIME_MS;
      known.isUsed = true;
      return known.app;
    }
    const app = this.#context.build(name, settings);
    this.#replace(name, app, settings);
    return app;
  }

  #replace(name: string, app: RemoteApp, settings: Record<string, unknown>): void {
    this.#drop(name);
    this.#evictUnused();
    const until = performance.now() + LIFETIME_MS;
    this.#entries.set(name, { app, found: Promise.resolve(app), settings, until, isUsed: false });
  }

  #drop(name: string): boolean {
    const entry = this.#entries.get(name);
    if (!entry) return false;
    this.#entries.delete(name);
    this.#context.retire(entry.app);
    return true;
  }

  /** Makes space for a client. Evicts a client that was not used since the last eviction (the clock algorithm). */
  #evictUnused(): void {
    for (const [name, entry] of this.#entries) {
      if (this.#entries.size < MAX_CLIENTS) return;
      if (!entry.isUsed) this.#drop(name);
      else {
        entry.isUsed = false;
        this.#entries.delete(name);
        this.#entries.set(name, entry); // the loop visits it again
      }
    }
  }
}
