import { randomUUID } from 'node:crypto';
import type { OAuth1Token, OAuth2Token } from 'nestjs-oauth-client';
import type { TokenKey, TokenLock, TokenStore, VersionedToken } from 'nestjs-oauth-client/stores';
import type { Answer, Question, TokenKeeper } from './token-keeper.js';

type Methods = TokenKeeper['methods'];

/** A custom `TokenStore`. It sends messages to the process that started this process, which keeps the tokens. */
export class PrimaryTokenStore implements TokenStore {
  readonly #pending = new Map<string, (answer: never) => void>();

  constructor() {
    process.on('message', ({ question, answer }: Answer) => {
      this.#pending.get(question)?.(answer as never);
      this.#pending.delete(question);
    });
  }

  fetch(key: TokenKey): Promise<VersionedToken | undefined> {
    return this.#ask('fetch', key);
  }

  save(key: TokenKey, token: OAuth1Token | OAuth2Token, expected?: string | null): Promise<string | undefined> {
    return this.#ask('save', key, token, expected);
  }

  remove(key: TokenKey, expected?: string): Promise<boolean> {
    return this.#ask('remove', key, expected);
  }

  async lock(key: TokenKey, lease: number): Promise<TokenLock | undefined> {
    const lock = await this.#ask('lock', key, lease);
    if (!lock) return undefined;
    const { id, interrupted } = lock;
    return {
      interrupted,
      extend: (lease) => this.#ask('extend', id, lease),
      release: () => this.#ask('release', id),
    };
  }

  #ask<M extends keyof Methods>(method: M, ...args: Parameters<Methods[M]>): ReturnType<Methods[M]> {
    const question = randomUUID();
    const answer = new Promise((resolve) => this.#pending.set(question, resolve));
    process.send?.({ question, method, args } satisfies Question);
    return answer as ReturnType<Methods[M]>;
  }
}
