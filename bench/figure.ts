import type { ServerVariable } from './support/server-url.js';

/** One measurement: this package compared with a peer. */
export interface Figure {
  readonly name: string;
  /** The unit of `ours` and `peer`. */
  readonly unit: string;
  /** The minimum of `ours / peer` for a rate, or the maximum of `ours - peer` for a cost. */
  readonly goal: number;
  /** A higher rate is better, and rates are compared by division. A lower cost is better, and costs are compared by subtraction. */
  readonly kind: 'rate' | 'cost';
  /** The variable with the URL of the required server. Without the server, the figure is skipped. */
  readonly needs?: ServerVariable;
  measure(): Promise<Pair>;
}

export interface Pair {
  ours: number;
  peer: number;
}

/** The result of a figure, as `--json` writes it. */
export interface Result extends Pair {
  name: string;
  /** `ours / peer` for a rate, or `ours - peer` for a cost. */
  ratio: number;
  goal: number;
  unit: string;
}

export async function resultOf({ name, unit, goal, kind, measure }: Figure): Promise<Result> {
  const { ours, peer } = await measure();
  return kind === 'rate'
    ? { name, ours, peer, ratio: ours / peer, goal, unit }
    : { name, ours, peer, ratio: ours - peer, goal, unit: `${unit} (ratio is ours - peer, goal is its maximum)` };
}

export function meetsGoal({ kind, goal }: Figure, { ratio }: Result): boolean {
  return kind === 'rate' ? ratio >= goal : ratio <= goal;
}
