/** What a worker is started with. */
export interface WorkerSettings {
  provider: string;
  store: { kind: 'redis' | 'postgres'; url: string; prefix: string };
  grantType?: 'client_credentials';
  /** Seconds. */
  refreshTimeout?: number;
  /** Milliseconds that the provider has to answer. */
  timeout?: number;
  /** Milliseconds that the worker's clock is ahead. */
  clockOffset?: number;
  /** Whether it stops at each checkpoint, until it is told to go on. */
  checkpoints?: boolean;
}

/** How far a refresh has come: it has the lock, it has read the token again, it has saved the new one. */
export type Checkpoint = 'locked' | 'read' | 'saved';

/** What a worker is told: to call the API so many times at once, or to go on from a checkpoint. */
export type Order = { id: number; calls: number; user?: string } | 'go on';

/** What came of one call. */
export interface CallReport {
  /** The API's status, or the error's code. */
  outcome: string;
  milliseconds: number;
  /** Seconds, of a provider that failed. */
  retryAfter?: number;
}

/** What the application is told in one of its processes. */
export interface WorkerEvent {
  event: 'revoked' | 'unsaved';
  name: string;
  user: string;
}

/** What a worker tells. */
export type Message =
  | { kind: 'ready' }
  | { kind: 'reports'; order: number; reports: CallReport[] }
  | ({ kind: 'event' } & WorkerEvent)
  | { kind: 'log'; line: string }
  | { kind: 'checkpoint'; checkpoint: Checkpoint };
