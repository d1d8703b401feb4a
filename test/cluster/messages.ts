/** The settings of a worker. */
export interface WorkerSettings {
  provider: string;
  store: { kind: 'redis' | 'postgres'; url: string; prefix: string };
  grantType?: 'client_credentials';
  /** Seconds. */
  refreshTimeout?: number;
  /** HTTP timeout in milliseconds. */
  timeout?: number;
  /** Milliseconds that the worker's clock is ahead. */
  clockOffset?: number;
  /** Whether a refresh waits at each checkpoint until the worker receives `go on`. */
  checkpoints?: boolean;
}

/** A step of a refresh: the lock is acquired, the token is read again, the new token is saved. */
export type Checkpoint = 'locked' | 'read' | 'saved';

/** A message to a worker. */
export type Order =
  | { kind: 'start'; settings: WorkerSettings }
  | { kind: 'stop' }
  /** Calls the API `calls` times at once. */
  | { kind: 'call'; id: number; calls: number; user?: string }
  /** Continues a refresh that waits at a checkpoint. */
  | { kind: 'go on' };

/** The result of one call. */
export interface CallReport {
  /** The status of the API's response, or the error code. */
  outcome: string;
  milliseconds: number;
  /** Seconds, from a `ProviderError`. */
  retryAfter?: number;
}

/** A call of `onTokenRevoked` or `onTokenUnsaved` in one of the processes. */
export interface WorkerEvent {
  event: 'revoked' | 'unsaved';
  name: string;
  user: string;
}

/** A message from a worker. */
export type Message =
  | { kind: 'started' }
  | { kind: 'stopped' }
  | { kind: 'reports'; order: number; reports: CallReport[] }
  | ({ kind: 'event' } & WorkerEvent)
  | { kind: 'log'; line: string }
  | { kind: 'checkpoint'; checkpoint: Checkpoint };
