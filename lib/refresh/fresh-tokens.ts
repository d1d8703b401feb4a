import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedMap } from '../common/bounded-map.js';
import { readOAuth2Token, type OAuth2Token } from '../token/token.js';
import { inTime } from './in-time.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** Maximum number of saved tokens, and of unsaved tokens, that a process remembers. */
const MAX_REMEMBERED = 1000;
/** Pauses between two attempts to save a token. They are short, so that the token is saved before the lease of its lock ends. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** How long saving is retried while the store can be read but refuses the token. */
const RETRY_MS = 60_000;
/** How long saving is retried without a lock. Longer, because no other process waits for the lock. */
const RETRY_WITHOUT_LOCK_MS = 600_000;
/** How long a read waits for the store if a newer token is not saved yet. */
const READ_TIMEOUT_S = 0.5;

/** A token that replaced another token. */
interface Replacement {
  /** The version of the replaced token. Undefined if there was no token. */
  of: string | undefined;
  by: SlotToken;
}

/**
 * Remembers the latest tokens of this process. A caller that reads an old token, from a store that lags behind, receives the
 * latest token instead, because the refresh token of the old token may already be invalid. A token that could not be saved is
 * kept in memory, and saving is retried.
 */
export class FreshTokens {
  readonly #saved = new BoundedMap<Replacement>(MAX_REMEMBERED);
  readonly #unsaved = new BoundedMap<Replacement>(MAX_REMEMBERED);
  readonly #saving = new Set<Promise<unknown>>();
  /** Reads that have not started yet. */
  readonly #planned = new Map<string, Promise<SlotToken | undefined>>();

  /** Returns the token of a slot, or the newer token with which this process replaced it. */
  async read(slot: TokenSlot): Promise<SlotToken | undefined> {
    const hasReplaced = this.#unsaved.size + this.#saved.size > 0;
    if (slot.isLocal && !hasReplaced) return tokenIn(slot);
    const id = slot.idOf();
    const unsaved = this.#unsaved.get(id);
    if (!unsaved) return this.#newest(slot, await this.#readOnce(slot));
    const stored = await inTime(this.#readOnce(slot), READ_TIMEOUT_S, () => new Error('late')).catch(() => undefined);
    if (!stored) return unsaved.by; // the store does not respond, or lost the token
    const newest = this.#newest(slot, stored);
    // another token than the one that the unsaved token replaces is stored: the user has signed in again
    const isStillUnsaved = this.#unsaved.get(id)?.by.token === unsaved.by.token;
    if (newest.version !== unsaved.of && isStillUnsaved) this.#unsaved.delete(id);
    return newest;
  }

  /** Shares one read among all callers that call before it starts. Later callers must not receive an older result. */
  #readOnce(slot: TokenSlot): Promise<SlotToken | undefined> {
    const id = slot.idOf();
    const planned = this.#planned.get(id);
    if (planned) return planned;
    const read = nextTick().then(() => {
      this.#planned.delete(id);
      return tokenIn(slot);
    });
    this.#planned.set(id, read);
    return read;
  }

  /**
   * Saves a token.
   * @returns false when another token was saved in the meantime; the other token is kept
   * @throws {Error} the error of the store. The token is then kept in memory
   */
  async save(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    this.#remember(this.#unsaved, slot, replaced, { token, version: replaced?.version });
    const version = await slot.save(token, replaced);
    this.forget(slot, token, replaced);
    if (version !== undefined) this.#remember(this.#saved, slot, replaced, { token, version });
    return version !== undefined;
  }

  /**
   * Retries to save a token until it is saved, or until the slot contains another token.
   * @returns false when saving was given up, because the store can be read but keeps refusing the token
   */
  async retrySave(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    const saving = this.#keepSaving(slot, token, replaced);
    this.#saving.add(saving);
    return saving.finally(() => this.#saving.delete(saving));
  }

  async #keepSaving(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    const retryTime = slot.lock ? RETRY_MS : RETRY_WITHOUT_LOCK_MS;
    let refusedSince: number | undefined;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { ref: false });
      if (!this.#isUnsaved(slot, token, replaced)) return true;
      try {
        await this.save(slot, token, replaced);
        return true;
      } catch {
        const isRefused = await slot.read().then(
          () => true,
          () => false,
        );
        refusedSince = isRefused ? (refusedSince ?? performance.now()) : undefined;
      }
      if (refusedSince !== undefined && performance.now() - refusedSince >= retryTime) break;
    }
    // this process continues to use the token while the store contains the token that it replaces
    if (this.forget(slot, token, replaced)) {
      this.#remember(this.#saved, slot, replaced, { token, version: replaced?.version });
    }
    return false;
  }

  /** Forgets an unsaved token. Returns whether the token was unsaved. */
  forget(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): boolean {
    return this.#isUnsaved(slot, token, replaced) && this.#unsaved.delete(slot.idOf(replaced?.token));
  }

  /** Removes a token from its slot, and forgets the tokens that replaced it. Returns whether this call removed the token. */
  remove(slot: TokenSlot, removed: SlotToken): Promise<boolean> {
    const id = slot.idOf(removed.token);
    this.#unsaved.delete(id);
    this.#saved.delete(id);
    return slot.remove(removed);
  }

  /** Waits until every token is saved or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#saving);
  }

  #isUnsaved(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): boolean {
    return this.#unsaved.get(slot.idOf(replaced?.token))?.by.token === token;
  }

  /** Remembers a replacement. If the provider issued an earlier token again, that token has no newer replacement. */
  #remember(
    replacements: BoundedMap<Replacement>,
    slot: TokenSlot,
    replaced: SlotToken | undefined,
    by: SlotToken,
  ): void {
    const id = slot.idOf(replaced?.token);
    const next = slot.idOf(by.token);
    if (next !== id && this.#following(slot, by).some(({ token }) => slot.idOf(token) === id)) {
      this.#unsaved.delete(next);
      this.#saved.set(next, { of: by.version, by });
    }
    replacements.set(id, { of: replaced?.version, by });
  }

  #newest<Token extends SlotToken | undefined>(slot: TokenSlot, read: Token): Token | SlotToken {
    return this.#following(slot, read).at(-1) ?? read;
  }

  /** Returns the tokens that replaced a token, in order. Visits each token once, because replacements may form a cycle. */
  #following(slot: TokenSlot, first: SlotToken | undefined): SlotToken[] {
    const visited = new Set<SlotToken>();
    let last = first;
    for (;;) {
      const next = this.#replacementOf(slot, last);
      if (!next || visited.has(next)) return [...visited];
      visited.add(next);
      last = next;
    }
  }

  #replacementOf(slot: TokenSlot, current: SlotToken | undefined): SlotToken | undefined {
    const id = slot.idOf(current?.token);
    const known = [this.#unsaved.get(id), this.#saved.get(id)];
    return known.find((next) => next && next.of === current?.version && next.by.token !== current?.token)?.by;
  }
}

async function tokenIn(slot: TokenSlot): Promise<SlotToken | undefined> {
  const found = await slot.read();
  return found && { ...found, token: readOAuth2Token(found.token) };
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
