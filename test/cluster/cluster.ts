import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { compilePrograms } from '../support/compile.js';
import type { CallReport, WorkerSettings } from './messages.js';

/** What the application is told in one of its processes. */
export interface WorkerEvent {
  event: 'revoked' | 'unsaved';
  name: string;
  user: string;
}

/** One process of the application. */
export class Worker {
  readonly events: WorkerEvent[] = [];
  readonly #process: ChildProcess;
  #orders = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (message: { event?: string }) => {
      if (message.event !== undefined) this.events.push(message as WorkerEvent);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Calls the API for a user, so many times at once. */
  call(user: string | undefined, calls = 1): Promise<CallReport[]> {
    const id = ++this.#orders;
    const reports = new Promise<CallReport[]>((resolve, reject) => {
      this.#process.once('exit', () => reject(new Error('the worker died')));
      this.#process.on('message', (message: { order?: number; reports: CallReport[] }) => {
        if (message.order === id) resolve(message.reports);
      });
    });
    this.#process.send({ id, user, calls });
    return reports;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

/** So many processes of one application. */
export class Cluster {
  static #program?: string;
  readonly workers: Worker[] = [];

  static async start(size: number, settings: WorkerSettings, ...others: Partial<WorkerSettings>[]): Promise<Cluster> {
    const cluster = new Cluster();
    const each = Array.from({ length: size }, (_, index) => ({ ...settings, ...others[index] }));
    cluster.workers.push(...(await Promise.all(each.map((own) => startWorker(own, Cluster.#compiled())))));
    return cluster;
  }

  /** What all of them were told. */
  get events(): WorkerEvent[] {
    return this.workers.flatMap(({ events }) => events);
  }

  /** So many calls for one user, at once, spread over all processes. */
  async storm(user: string | undefined, calls: number): Promise<CallReport[]> {
    const each = calls / this.workers.length;
    return (await Promise.all(this.workers.map((worker) => worker.call(user, each)))).flat();
  }

  byPid(pid: string): Worker {
    const worker = this.workers.find((candidate) => String(candidate.pid) === pid);
    if (!worker) throw new TypeError(`no worker ${pid}`);
    return worker;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  static #compiled(): string {
    return (this.#program ??= compilePrograms('test/cluster')('test/cluster/worker.app.ts'));
  }
}

async function startWorker(settings: WorkerSettings, program: string): Promise<Worker> {
  const child = fork(program, { env: { ...process.env, WORKER: JSON.stringify(settings) }, execArgv: [] });
  await once(child, 'message'); // ready
  return new Worker(child);
}

/** How often each outcome came. */
export function outcomes(reports: CallReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of reports) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
