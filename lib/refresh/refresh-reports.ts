import { thrownText } from '../errors/error-text.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { logEvent } from '../common/log.js';
import { errorFields } from '../observability/error-fields.js';
import { count, traced, type Attributes } from '../observability/telemetry.js';
import { secretsOfToken } from './ask-store.js';
import type { RefreshOptions } from './refresh-options.js';
import type { TokenSlot } from './token-slot.js';

type Events = RefreshOptions['events'];
type Details<Event extends keyof Events> = Omit<Parameters<NonNullable<Events[Event]>>[0], 'name' | 'user' | 'request'>;

/** Reports the refreshes of a client: spans, counters, log lines, and events of the application. */
export class RefreshReports {
  readonly #client: string;
  readonly #events: Events;
  readonly #attributes: Attributes;

  constructor(client: string, events: Events) {
    this.#client = client;
    this.#events = events;
    this.#attributes = { 'oauth.client.name': client };
  }

  /** Runs a refresh within a span, and logs its failure once, also if several calls wait for the refresh. */
  span<T>(run: () => Promise<T>): Promise<T> {
    const refresh = traced('oauth.refresh', () => this.#attributes, run);
    refresh.catch((error: unknown) => this.#logFailure(error));
    return refresh;
  }

  joined(): void {
    count('oauth.client.refresh.joins', this.#attributes);
  }

  refreshed(): void {
    count('oauth.client.refreshes', this.#attributes);
    logEvent('debug', 'token refreshed', { client: this.#client });
  }

  tookOver(): void {
    logEvent('warn', 'took over an unfinished refresh', { client: this.#client });
  }

  savedAfterRetry(): void {
    logEvent('log', 'token saved after retry', { client: this.#client });
  }

  givenUp(): void {
    logEvent('error', 'token given up', { client: this.#client });
  }

  revoked(error: OAuthError): void {
    error.log({ event: 'token revoked', client: this.#client, step: 'refresh' });
  }

  /** Calls an event handler of the application, if the token belongs to a user. Logs the error if the handler throws. */
  async notify<Event extends keyof Events>(event: Event, { owner }: TokenSlot, details: Details<Event>): Promise<void> {
    if (!owner) return;
    try {
      await this.#events[event]?.({ ...owner, ...details });
    } catch (error) {
      const detail = thrownText(error, secretsOfToken(details.token));
      logEvent('error', `${event} threw`, { client: this.#client, ...errorFields(error), detail });
    }
  }

  /** Logs every failure except 401 (the user must sign in again), which the call that waits for the refresh logs. */
  #logFailure(error: unknown): void {
    const client = this.#client;
    if (!(error instanceof OAuthError)) logEvent('warn', 'refresh failed', { client, ...errorFields(error) });
    else if (error.getStatus() !== 401) error.log({ event: 'refresh failed', client, step: 'refresh' }, 'warn');
  }
}
