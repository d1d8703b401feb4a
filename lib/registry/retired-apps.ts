import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteApp } from '../remote-app/remote-app.js';

/** How long a shutdown waits for refreshes to finish and for tokens to be saved. */
const SHUTDOWN_TIMEOUT_MS = 5000;

/** The apps of clients that were replaced, removed or evicted, until their refreshes and saves are finished. */
export class RetiredApps {
  readonly #finishing = new Set<Promise<unknown>>();

  add(app: RemoteApp): void {
    const finishing = app.settled();
    const forget = (): boolean => this.#finishing.delete(finishing);
    this.#finishing.add(finishing);
    void finishing.then(forget, forget);
  }

  /** Waits up to 5 seconds for the refreshes and saves of the retired apps, and of others. */
  async settled(others: readonly RemoteApp[]): Promise<void> {
    const settled = Promise.all([...this.#finishing, ...others.map((app) => app.settled())]);
    await Promise.race([settled, sleep(SHUTDOWN_TIMEOUT_MS, undefined, { ref: false })]);
  }
}
