import type { Problem } from './problem.js';

/** Which case it was. With the seed, it is the same case in every run. */
export interface CaseId {
  target: string;
  index: number;
}

/** A property that some cases broke in the same way. */
export interface Finding extends Problem {
  /** The first of them; of a fault of the process, those that ran when it happened. */
  cases: CaseId[];
  count: number;
  /** The input of the first case, as small as it could be made. */
  input?: unknown;
}

/** Longest input and longest story that a report shows, in characters. */
const LONGEST = 3000;

/** Findings, one for each key. */
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

/** How much a run did. */
export interface RunSummary {
  /** Cases that ran, by target. */
  ran: Record<string, number>;
  seconds: number;
  /** MiB, at the start and at the end. */
  heap: [start: number, end: number];
}

/** Writes in one line how much a run did. */
export function summaryOf({ ran, seconds, heap: [start, end] }: RunSummary): string {
  const rates = Object.entries(ran).map(([name, count]) => `${count} ${name} (${Math.round(count / seconds)}/s)`);
  return `${rates.join(', ')} in ${Math.round(seconds)} s; heap ${start} MiB at the start, ${end} MiB at the end`;
}

/** Writes findings for people. */
export function reportOf(findings: readonly Finding[], seed: number): string {
  if (findings.length === 0) return 'no findings';
  const parts = findings.map(({ key, detail, cases, count, input }, at) => {
    const which = cases.map(({ target, index }) => `${target}:${index}`).join(' or ');
    const shown = (JSON.stringify(input) as string | undefined) ?? 'not found again, or no time to look';
    return [
      `${at + 1}. ${key}`,
      `   cases: ${count}, first ${which} of seed ${seed}`,
      `   input: ${shown.slice(0, LONGEST)}`,
      `   ${detail.slice(0, LONGEST).replaceAll('\n', '\n   ')}`,
    ].join('\n');
  });
  return `${findings.length} findings with seed ${seed}\n\n${parts.join('\n\n')}`;
}
