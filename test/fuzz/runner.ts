import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { hostileProviderCase, runAnswer } from './answers.js';
import { HONEST, runRequest } from './callbacks.js';
import { CapturedLog } from './captured-log.js';
import type { FuzzContext } from './context.js';
import { Findings, type CaseId, type Finding, type RunSummary } from './findings.js';
import { hostileRequest } from './hostile-request.js';
import { startHostileProvider } from './hostile-provider.js';
import type { Problem } from './problem.js';
import { watchProcess, type ProcessFaults } from './process-faults.js';
import { startSites } from './site.js';

/** The options of a run. */
export interface RunOptions {
  seed: number;
  /** The number of cases for each target. @default unlimited */
  cases?: number;
  /** The maximum duration. @default unlimited */
  seconds?: number;
  /** Runs only this case. */
  only?: CaseId;
  /** Continues after a finding. */
  keepGoing?: boolean;
}

export interface RunResult extends RunSummary {
  findings: Finding[];
}

/** A kind of case. */
interface Target {
  sample: (seed: number) => unknown;
  run: (input: never, context: FuzzContext, slot: string) => Promise<Problem[]>;
  arbitrary: fc.Arbitrary<unknown>;
}

/** The number of cases that run in parallel. Some wait for a timeout. */
const WORKERS = 16;
/** Milliseconds for minimizing a finding. A case that hangs takes half of them. */
const SHRINKING = 6000;
/** Milliseconds for minimizing all findings. */
const SHRINKING_IN_ALL = 30_000;
/** The number of recent cases that may have caused a fault of the process. */
const SUSPECTS = 2 * WORKERS;

const TARGETS: Record<string, Target> = {
  requests: targetOf(hostileRequest, runRequest),
  answers: targetOf(hostileProviderCase, runAnswer),
};

/** Runs hostile cases against the library, and returns the findings. */
export async function fuzz(options: RunOptions): Promise<RunResult> {
  const log = new CapturedLog();
  const provider = await startHostileProvider();
  const { sites, close } = await startSites(provider.issuer(HONEST), log);
  const faults = watchProcess();
  const context: FuzzContext = { provider, sites, lastError: () => log.lastError };
  const run = new Run(options, context, log, faults);
  try {
    const began = Date.now();
    const start = usedHeap();
    await run.all();
    const seconds = (Date.now() - began) / 1000;
    const heap: [number, number] = [start, usedHeap()];
    await run.shrink();
    return { findings: run.findings.all, ran: run.ran, seconds, heap };
  } finally {
    faults.stop();
    await close();
    await provider.close();
  }
}

class Run {
  readonly findings = new Findings();
  readonly ran: Record<string, number> = Object.fromEntries(Object.keys(TARGETS).map((name) => [name, 0]));
  readonly #recent: CaseId[] = [];
  readonly #next = caseIds();

  constructor(
    readonly options: RunOptions,
    readonly context: FuzzContext,
    readonly log: CapturedLog,
    readonly faults: ProcessFaults,
  ) {}

  async all(): Promise<void> {
    const { seconds = Infinity, cases = Infinity, only, keepGoing = false } = this.options;
    const end = Date.now() + seconds * 1000;
    if (only) {
      await this.#one(only, 'slot-0');
      await settle();
      this.#noteFaults();
      return;
    }
    const work = async (slot: string): Promise<void> => {
      for (const id of this.#next) {
        if (id.index >= cases || Date.now() >= end || (!keepGoing && this.findings.all.length > 0)) return;
        await this.#one(id, slot);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(`slot-${worker}`)));
    await settle();
    this.#noteFaults();
  }

  /** Runs the first case of every finding again, and minimizes its input. */
  async shrink(): Promise<void> {
    const end = Date.now() + SHRINKING_IN_ALL;
    for (const finding of this.findings.all) {
      if (Date.now() > end) return;
      for (const id of finding.cases) {
        const input = await this.#shrunk(id, finding.key);
        if (input === undefined) continue;
        Object.assign(finding, { input, cases: [id] });
        break;
      }
    }
  }

  async #one(id: CaseId, slot: string): Promise<void> {
    const { sample, run } = TARGETS[id.target]!;
    this.#recent.push(id);
    if (this.#recent.length > SUSPECTS) this.#recent.shift();
    const problems = await run(sample(this.#seedOf(id)) as never, this.context, slot);
    for (const problem of problems) this.findings.add(problem, [id]);
    this.#noteFaults();
    this.ran[id.target]!++;
  }

  #noteFaults(): void {
    for (const problem of [...this.log.takeLeaks(), ...this.faults.take()]) {
      this.findings.add(problem, [...this.#recent].reverse());
    }
  }

  async #shrunk(id: CaseId, key: string): Promise<unknown> {
    const { arbitrary, run } = TARGETS[id.target]!;
    const isFault = /^(leak in the log|unhandled|uncaught)/.test(key);
    let smallest: unknown;
    const property = fc.asyncProperty(arbitrary, async (input) => {
      const problems = await run(input as never, this.context, 'slot-0');
      if (isFault) await settle();
      problems.push(...this.log.takeLeaks(), ...this.faults.take());
      if (!problems.some((problem) => problem.key === key)) return;
      smallest = input;
      throw new Error(key);
    });
    const limits = { numRuns: 1, interruptAfterTimeLimit: SHRINKING, markInterruptAsFailure: false };
    await fc.check(property, { seed: this.#seedOf(id), ...limits });
    return smallest;
  }

  /** Returns the seed of a case. Every case has a different seed, so it can run without the previous cases. */
  #seedOf({ target, index }: CaseId): number {
    const name = Object.keys(TARGETS).indexOf(target) + 1;
    return (Math.imul(this.options.seed ^ Math.imul(name, 0x9e3779b1), 0x85ebca6b) + Math.imul(index, 0xc2b2ae35)) | 0;
  }
}

function targetOf<Input>(
  arbitrary: fc.Arbitrary<Input>,
  run: (input: Input, context: FuzzContext, slot: string) => Promise<Problem[]>,
): Target {
  return { arbitrary, run, sample: (seed) => fc.sample(arbitrary, { seed, numRuns: 1 })[0] };
}

function* caseIds(): Generator<CaseId, undefined> {
  for (let index = 0; ; index++) for (const target of Object.keys(TARGETS)) yield { target, index };
}

/** Waits until unhandled rejections are reported. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Returns the used heap in MiB after a garbage collection, which needs no command-line flag here. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return Math.round(process.memoryUsage().heapUsed / 1024 / 1024);
}
