import type { Problem } from './problem.js';

/** Identifies a case. With the same seed, it is the same case in every run. */
export interface CaseId {
  target: string;
  index: number;
}

/** A problem that one or more cases have in common. */
export interface Finding extends Problem {
  /** The first case, or the cases that were running when a fault of the process happened. */
  cases: CaseId[];
  count: number;
  /** The minimized input of the first case. */
  input?: unknown;
}

/** The maximum length of an input and of a detail in a report, in characters. */
const LONGEST = 3000;

/** The findings of a run, one for each key. */
export class Findings {
  readonly #byKey = new Map<string, Finding>();

  add({ key, detail }: Problem, cases: CaseId[]): void {
    const known = this.#byKey.get(key);
    if (known) known.count++;
    else this.#byKey.set(key, { key, detail, cases, count: 1 });
  }

  get all(): Finding[] {
    return [...this.#byKey.values()];
  }
}

/** The statistics of a run. */
export interface RunSummary {
  /** The number of cases by target. */
  ran: Record<string, number>;
  seconds: number;
  /** MiB at the start and at the end. */
  heap: [start: number, end: number];
}

/** Returns the statistics of a run on one line. */
export function summaryOf({ ran, seconds, heap: [start, end] }: RunSummary): string {
  const rates = Object.entries(ran).map(([name, count]) => `${count} ${name} (${Math.round(count / seconds)}/s)`);
  return `${rates.join(', ')} in ${Math.round(seconds)} s; heap ${start} MiB at the start, ${end} MiB at the end`;
}

/** Returns the report of the findings. */
export function reportOf(findings: readonly Finding[], seed: number): string {
  if (findings.length === 0) return 'no findings';
  const parts = findings.map(({ key, detail, cases, count, input }, at) => {
    const which = cases.map(({ target, index }) => `${target}:${index}`).join(' or ');
    const shown = (JSON.stringify(input) as string | undefined) ?? 'not reproduced';
    return [
      `${at + 1}. ${key}`,
      `   cases: ${count}, first ${which} of seed ${seed}`,
      `   input: ${shown.slice(0, LONGEST)}`,
      `   ${detail.slice(0, LONGEST).replaceAll('\n', '\n   ')}`,
    ].join('\n');
  });
  return `${findings.length} findings with seed ${seed}\n\n${parts.join('\n\n')}`;
}
