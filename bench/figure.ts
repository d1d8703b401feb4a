import type { ServerVariable } from './support/server-url.js';

/** One line of the table: this package beside a peer. */
export interface Figure {
  readonly name: string;
  /** What `ours` and `peer` count. */
  readonly unit: string;
  /** The least that `ours / peer` may be; of a cost, the most that `ours - peer` may be. */
  readonly goal: number;
  /** A rate is better the higher it is, and is divided by the peer's; a cost is better the lower, and is subtracted. */
  readonly kind: 'rate' | 'cost';
  /** The server that it needs, by the variable with its URL. Without the server it is skipped. */
  readonly needs?: ServerVariable;
  measure(): Promise<Pair>;
}

export interface Pair {
  ours: number;
  peer: number;
}

/** A figure that was measured, as `--json` writes it. */
export interface Result extends Pair {
  name: string;
  /** `ours / peer`, or `ours - peer` where the unit says so. */
  ratio: number;
  goal: number;
  unit: string;
}

export async function resultOf({ name, unit, goal, kind, measure }: Figure): Promise<Result> {
  const { ours, peer } = await measure();
  return kind === 'rate'
    ? { name, ours, peer, ratio: ours / peer, goal, unit }
    : { name, ours, peer, ratio: ours - peer, goal, unit: `${unit} (ratio is ours - peer, goal the most it may be)` };
}

export function meetsGoal({ kind, goal }: Figure, { ratio }: Result): boolean {
  return kind === 'rate' ? ratio >= goal : ratio <= goal;
}
