import type { VersionedToken } from '../token/token-store.js';
import type { OAuth2Token } from '../token/token.js';
import type { TokenSlot } from './token-slot.js';

/** Keeps the client's token (RFC 6749 §4.4) in memory, if the application has no `TokenStore`. */
export class ClientSlot implements TokenSlot {
  readonly isLocal = true;
  #kept?: VersionedToken;

  idOf(): string {
    return '';
  }

  read(): Promise<VersionedToken | undefined> {
    return Promise.resolve(this.#kept);
  }

  save(token: OAuth2Token): Promise<string> {
    this.#kept = { token, version: '' };
    return Promise.resolve('');
  }

  remove(): Promise<boolean> {
    this.#kept = undefined;
    return Promise.resolve(true);
  }
}
