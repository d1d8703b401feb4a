import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedMap } from '../common/bounded-map.js';
import { readOAuth2Token, type OAuth2Token } from '../token/token.js';
import { inTime } from './in-time.js';
import type { SlotToken, TokenSlot } from './token-slot.js';

/** How many tokens that were saved, and how many that were not, are remembered. */
const REMEMBERED = 1000;
/** Milliseconds between two attempts to save a token: short, so that it is saved before the lease of its lock is over. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** For how long a token is saved again while its store can be read and refuses the token. */
const REFUSED_MS = 60_000;
/** The same without a lock: nobody waits for it, and whether the application's `updateToken` will recover is not known. */
const REFUSED_WITHOUT_LOCK_MS = 600_000;
/** Seconds that the store has to show a newer token than the one that is not saved yet. */
const LOOK_S = 0.5;

interface Replacement {
  /** Version of the token that was replaced; none where there was no token. */
  of: string | undefined;
  by: SlotToken;
}

/**
 * The tokens that this process got last. Callers that read the previous token, from a store that is slow or behind, get these:
 * the refresh token of the previous one is used up. A token that could not be saved is kept here, and saved again.
 */
export class FreshTokens {
  readonly #saved = new BoundedMap<Replacement>(REMEMBERED);
  readonly #unsaved = new BoundedMap<Replacement>(REMEMBERED);
  readonly #saving = new Set<Promise<unknown>>();
  /** Reads that have not begun. */
  readonly #planned = new Map<string, Promise<SlotToken | undefined>>();

  /** Reads the token of a slot, or returns the newer one that replaced it here. */
  async read(slot: TokenSlot): Promise<SlotToken | undefined> {
    const id = slot.idOf();
    const unsaved = this.#unsaved.get(id);
    if (!unsaved) return this.#newest(slot, await this.#readOnce(slot));
    const held = await inTime(this.#readOnce(slot), LOOK_S, () => new Error('late')).catch(() => undefined);
    if (!held) return unsaved.by; // the store is away, or lost the token
    const newest = this.#newest(slot, held);
    // what is stored is not what the unsaved token replaces: somebody has signed in since
    const isStillUnsaved = this.#unsaved.get(id)?.by.token === unsaved.by.token;
    if (newest.version !== unsaved.of && isStillUnsaved) this.#unsaved.delete(id);
    return newest;
  }

  /** One read for all callers that ask before it begins; later callers may know of something newer. */
  #readOnce(slot: TokenSlot): Promise<SlotToken | undefined> {
    const id = slot.idOf();
    const planned = this.#planned.get(id);
    if (planned) return planned;
    const read = nextTick().then(async () => {
      this.#planned.delete(id);
      const found = await slot.read();
      return found && { ...found, token: readOAuth2Token(found.token) };
    });
    this.#planned.set(id, read);
    return read;
  }

  /**
   * Saves a token.
   * @returns false when another was saved in the meantime, and stays
   * @throws {Error} of the store; the token is kept here then
   */
  async save(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    this.#note(this.#unsaved, slot, replaced, { token, version: replaced?.version });
    const version = await slot.save(token, replaced);
    this.forget(slot, token, replaced);
    if (version !== undefined) this.#note(this.#saved, slot, replaced, { token, version });
    return version !== undefined;
  }

  /**
   * Saves a token that could not be saved, until it is, or until another is in its slot.
   * @returns false when it gave up, because the store can be read and goes on refusing the token
   */
  async saveAgain(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    const saving = this.#keepSaving(slot, token, replaced);
    this.#saving.add(saving);
    return saving.finally(() => this.#saving.delete(saving));
  }

  async #keepSaving(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): Promise<boolean> {
    const patience = slot.lock ? REFUSED_MS : REFUSED_WITHOUT_LOCK_MS;
    let refusedSince: number | undefined;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
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
      if (refusedSince !== undefined && performance.now() - refusedSince >= patience) break;
    }
    // used for as long as the store has the token that it replaces, and no longer than this process lives
    if (this.forget(slot, token, replaced)) {
      this.#note(this.#saved, slot, replaced, { token, version: replaced?.version });
    }
    return false;
  }

  /** Forgets a token that is not saved; returns whether there was one. */
  forget(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): boolean {
    return this.#isUnsaved(slot, token, replaced) && this.#unsaved.delete(slot.idOf(replaced?.token));
  }

  /** Removes a token from its slot, and forgets what is known of the slot here. Returns whether this call removed it. */
  remove(slot: TokenSlot, removed: SlotToken): Promise<boolean> {
    const id = slot.idOf(removed.token);
    this.#unsaved.delete(id);
    this.#saved.delete(id);
    return slot.remove(removed);
  }

  /** Waits until all are saved, or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#saving);
  }

  #isUnsaved(slot: TokenSlot, token: OAuth2Token, replaced: SlotToken | undefined): boolean {
    return this.#unsaved.get(slot.idOf(replaced?.token))?.by.token === token;
  }

  /** Notes a replacement. Where the provider gave out a token that it gave out before, nothing newer follows that one. */
  #note(notes: BoundedMap<Replacement>, slot: TokenSlot, replaced: SlotToken | undefined, by: SlotToken): void {
    const id = slot.idOf(replaced?.token);
    const next = slot.idOf(by.token);
    if (next !== id && this.#following(slot, by).some(({ token }) => slot.idOf(token) === id)) {
      this.#unsaved.delete(next);
      this.#saved.set(next, { of: by.version, by });
    }
    notes.set(id, { of: replaced?.version, by });
  }

  #newest<Token extends SlotToken | undefined>(slot: TokenSlot, read: Token): Token | SlotToken {
    return this.#following(slot, read).at(-1) ?? read;
  }

  /** The tokens that replaced a token, one after the other. Each is visited once, so that no loop of them goes on for ever. */
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
    const notes = [this.#unsaved.get(id), this.#saved.get(id)];
    return notes.find((note) => note && note.of === current?.version && note.by.token !== current?.token)?.by;
  }
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
