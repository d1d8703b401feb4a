import { ExponentialBackoff, halfJitterGenerator, handleAll, retry } from 'cockatiel';
import { Recent } from '../recent.js';
import type { OAuth2Token } from '../token/token.js';
import type { KeptToken, TokenPlace } from './token-place.js';

/** How many tokens that were saved are remembered. */
const REMEMBERED = 1000;

/**
 * Saving again: often, since other processes must see the token before the lease of its lock is over. There are few of them:
 * without the store, no other refresh begins.
 */
const again = retry(handleAll, {
  maxAttempts: Infinity,
  backoff: new ExponentialBackoff({
    initialDelay: 50,
    exponent: 1.5,
    maxDelay: 1000,
    generator: halfJitterGenerator,
  }),
}).dangerouslyUnref();

interface Replacement {
  /** Version that it takes the place of; none, where there was no token. */
  of: string | undefined;
  by: KeptToken;
}

/**
 * The tokens that this process got last. Whoever has read the one before, from a store that is slow or behind, is given
 * these: the refresh token of the one before is used up. One that could not be saved lives on here, and is saved again.
 */
export class FreshTokens {
  readonly #saved = new Recent<Replacement>(REMEMBERED);
  readonly #unsaved = new Map<string, KeptToken>();
  readonly #saving = new Set<Promise<unknown>>();
  /** Reads that have not begun. */
  readonly #planned = new Map<string, Promise<KeptToken | undefined>>();

  /** Reads the token of a place; where a newer one is known here, that one. */
  async read(place: TokenPlace): Promise<KeptToken | undefined> {
    return this.#unsaved.get(place.idOf()) ?? this.#newest(place, await this.#readOnce(place));
  }

  /** One read for all who ask before it begins; who asks later may know of something newer. */
  #readOnce(place: TokenPlace): Promise<KeptToken | undefined> {
    const id = place.idOf();
    const planned = this.#planned.get(id);
    if (planned) return planned;
    const read = nextTick().then(() => {
      this.#planned.delete(id);
      return place.read();
    });
    this.#planned.set(id, read);
    return read;
  }

  /**
   * Saves a token.
   * @returns false when another was saved in the meantime, and stays
   * @throws {Error} of the store; the token is kept here then
   */
  async save(place: TokenPlace, token: OAuth2Token, replaced: KeptToken | undefined): Promise<boolean> {
    const id = place.idOf(replaced);
    this.#unsaved.set(id, { token, version: replaced?.version });
    const version = await place.save(token, replaced);
    if (this.#unsaved.get(id)?.token === token) this.#unsaved.delete(id);
    if (version !== undefined) this.#saved.set(id, { of: replaced?.version, by: { token, version } });
    return version !== undefined;
  }

  /** Saves one that could not be saved, until it is, or until another is in its place. */
  async saveAgain(place: TokenPlace, token: OAuth2Token, replaced: KeptToken | undefined): Promise<void> {
    const isCurrent = (): boolean => this.#unsaved.get(place.idOf(replaced))?.token === token;
    const saving = again.execute(async () => isCurrent() && this.save(place, token, replaced));
    this.#saving.add(saving);
    await saving.finally(() => this.#saving.delete(saving));
  }

  /** Waits until all are saved. */
  async settled(): Promise<void> {
    await Promise.all(this.#saving);
  }

  #newest(place: TokenPlace, read: KeptToken | undefined): KeptToken | undefined {
    const replacement = this.#saved.get(place.idOf(read));
    if (!replacement || replacement.of !== read?.version || replacement.by.token === read?.token) return read;
    return this.#newest(place, replacement.by);
  }
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
