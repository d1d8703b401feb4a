import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { OAuth1Token, OAuth2Token } from 'nestjs-oauth-client';
import type { TokenKey, TokenLock } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';

/** A method call of a process. */
export interface Question {
  question: string;
  method: keyof TokenKeeper['methods'];
  args: unknown[];
}
/** The result of a method call. */
export interface Answer {
  question: string;
  answer: unknown;
}

/** Keeps the tokens of all processes in memory, if neither Redis nor PostgreSQL is configured. */
export class TokenKeeper {
  readonly #store = new MemoryTokenStore();
  readonly #locks = new Map<string, TokenLock>();

  /** The methods that a process may call. A process refers to a lock by an id. */
  readonly methods = {
    fetch: (key: TokenKey) => this.#store.fetch(key),
    save: (key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null) =>
      this.#store.save(key, token, expected),
    remove: (key: TokenKey, expected?: string) => this.#store.remove(key, expected),
    lock: async (key: TokenKey, lease: number) => {
      const lock = await this.#store.lock(key, lease);
      if (!lock) return undefined;
      const id = randomUUID();
      this.#locks.set(id, lock);
      return { id, interrupted: lock.interrupted };
    },
    extend: async (id: string, lease: number) => (await this.#locks.get(id)?.extend(lease)) ?? false,
    release: async (id: string) => {
      await this.#locks.get(id)?.release();
      this.#locks.delete(id);
    },
  };

  /** Answers the method calls of the `PrimaryTokenStore` in a process. */
  serve(child: ChildProcess): void {
    child.on('message', (message: Question | object) => {
      if (!('question' in message)) return;
      const { question, method, args } = message;
      const ask = this.methods[method] as (...args: unknown[]) => Promise<unknown>;
      void ask(...args).then((answer) => child.send({ question, answer } satisfies Answer));
    });
  }
}
