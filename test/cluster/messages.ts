/** What a worker is started with. */
export interface WorkerSettings {
  provider: string;
  store: { kind: 'redis' | 'postgres'; url: string; prefix: string };
  grantType?: 'client_credentials';
  /** Seconds. */
  refreshTimeout?: number;
  /** Milliseconds that the provider has to answer. */
  timeout?: number;
  /** Milliseconds that a connection to PostgreSQL is waited for. */
  connectTimeout?: number;
  /** Milliseconds that the worker's clock is ahead. */
  clockOffset?: number;
}

/** Calls that a worker is to make, all at once. */
export interface CallOrder {
  id: number;
  calls: number;
  user?: string;
}

/** What came of one. */
export interface CallReport {
  /** The API's status, or the error's code. */
  outcome: string;
  milliseconds: number;
}
