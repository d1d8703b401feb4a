import type { Child } from './support/child.js';
import type { ServerVariable } from './support/server-url.js';

/** One measurement: this package compared with a peer. */
export interface Figure {
  readonly name: string;
  /** The unit of both sides. */
  readonly unit: string;
  /**
   * Operations per second, of which more is better, compared as `ours / peer`; or a cost, such as a time or a size, of which less is
   * better, compared as `ours - peer`.
   */
  readonly kind: 'rate' | 'cost';
  /** The minimum for a rate, or the maximum for a cost. */
  readonly goal: number;
  /** Divides a rate by the CPU time of the processes instead of the time on the clock. */
  readonly perCpuSecond?: true;
  /** The variable with the URL of the required server. Without the server, the figure is skipped. */
  readonly needs?: ServerVariable;
  open(): Promise<Comparison>;
}

/** Both sides of a figure, ready to be measured in turn. */
export interface Comparison {
  readonly ours: Side;
  readonly peer: Side;
  /** The number of measured rounds. */
  readonly rounds?: number;
  /** The number of rounds before the measured ones. */
  readonly warmUps?: number;
  close?(): unknown;
}

export interface Side {
  /** Runs one round. Returns the number of operations of a rate, or the cost. */
  run(): number | Promise<number>;
  /** Prepares a round. Is not measured. */
  before?(): unknown;
  /** Cleans up after a round. Is not measured. */
  after?(): unknown;
  /** The processes that do the work. @default this process, or new processes */
  readonly processes?: readonly Child[];
}

/** The result of a figure, as `--json` writes it. */
export interface Result {
  name: string;
  /** Medians. */
  ours: number;
  peer: number;
  /** The median of `ours / peer` for a rate, or of `ours - peer` for a cost. */
  ratio: number;
  goal: number;
  unit: string;
  /** Microseconds of CPU time per operation of a rate, of all threads of the processes. */
  cpu?: { ours: number; peer: number };
  /** The share of the CPU time that garbage collections take, in percent, for a rate. */
  gc?: { ours: number; peer: number };
}

export function meetsGoal({ kind, goal }: Figure, { ratio }: Result): boolean {
  return kind === 'rate' ? ratio >= goal : ratio <= goal;
}
