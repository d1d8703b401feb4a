import { afterAll } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileProgram } from '../support/compile.js';
import type { CallReport, Checkpoint, Message, Order, WorkerEvent, WorkerSettings } from './messages.js';

/** Milliseconds that an application has to stop, before its process is killed. */
const STOP_TIMEOUT_MS = 1_000;

/** Processes whose application has stopped. They can start another one. */
const idle: ChildProcess[] = [];
let program: string | undefined;

afterAll(() => idle.splice(0).forEach((process) => process.kill('SIGKILL')));

/** One process of the application. */
export class Worker {
  readonly events: WorkerEvent[] = [];
  /** The warnings and errors that the process logged. */
  readonly log: string[] = [];
  readonly #process: ChildProcess;
  readonly #reports = new Map<number, { resolve(reports: CallReport[]): void; reject(error: Error): void }>();
  readonly #stops = new Map<Checkpoint, () => void>();
  #orders = 0;
  #isReusable = true;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (message: Message) => this.#hear(message));
    process.on('exit', () => {
      for (const { reject } of this.#reports.values()) reject(new Error('the worker died'));
    });
  }

  /** Starts an application in an idle process, or else in a new one. */
  static async start(settings: WorkerSettings): Promise<Worker> {
    program ??= compileProgram('test/cluster/worker.app.ts');
    const process = idle.pop() ?? fork(program, { execArgv: [] });
    const started = answer(process, 'started');
    const worker = new Worker(process);
    worker.#order({ kind: 'start', settings });
    if (!(await started)) throw new Error('the worker died before its application started');
    return worker;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Calls the API for a user, `calls` times at once. */
  call(user: string | undefined, calls = 1): Promise<CallReport[]> {
    const id = ++this.#orders;
    const reports = new Promise<CallReport[]>((resolve, reject) => this.#reports.set(id, { resolve, reject }));
    this.#order({ kind: 'call', id, user, calls });
    return reports;
  }

  /** Resolves when the next refresh of the process stops at a checkpoint. */
  reaches(checkpoint: Checkpoint): Promise<void> {
    return new Promise((resolve) => this.#stops.set(checkpoint, resolve));
  }

  goOn(): void {
    this.#order({ kind: 'go on' });
  }

  signal(signal: NodeJS.Signals): void {
    this.#isReusable = false;
    this.#process.kill(signal);
  }

  /** Stops the application. The process is kept for another application, unless it received a signal or does not stop. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    if (this.#isReusable && (await this.#stop())) {
      for (const event of ['message', 'exit']) this.#process.removeAllListeners(event);
      idle.push(this.#process);
      return;
    }
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  #stop(): Promise<boolean> {
    const stopped = answer(this.#process, 'stopped');
    this.#order({ kind: 'stop' });
    return Promise.race([stopped, sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  }

  #order(order: Order): void {
    this.#process.send(order);
  }

  #hear(message: Message): void {
    switch (message.kind) {
      case 'reports':
        this.#reports.get(message.order)?.resolve(message.reports);
        break;
      case 'event':
        this.events.push({ event: message.event, name: message.name, user: message.user });
        break;
      case 'log':
        this.log.push(message.line);
        break;
      case 'checkpoint': {
        const stop = this.#stops.get(message.checkpoint) ?? (() => this.goOn());
        this.#stops.delete(message.checkpoint);
        stop();
      }
    }
  }
}

/** Several processes of one application. */
export class Cluster {
  readonly workers: Worker[] = [];
  readonly #settings: WorkerSettings;

  private constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  static async start(size: number, settings: WorkerSettings, ...others: Partial<WorkerSettings>[]): Promise<Cluster> {
    const cluster = new Cluster(settings);
    await Promise.all(Array.from({ length: size }, (_, index) => cluster.add(others[index])));
    return cluster;
  }

  /** Adds a process, with different settings if given. */
  async add(settings: Partial<WorkerSettings> = {}): Promise<Worker> {
    const worker = await Worker.start({ ...this.#settings, ...settings });
    this.workers.push(worker);
    return worker;
  }

  /** The events of all processes. */
  get events(): WorkerEvent[] {
    return this.workers.flatMap(({ events }) => events);
  }

  /** The warnings and errors of all processes. */
  get log(): string[] {
    return this.workers.flatMap(({ log }) => log);
  }

  /** Calls the API for one user, `calls` times at once, spread over all processes except `without`. */
  async storm(user: string | undefined, calls: number, without?: Worker): Promise<CallReport[]> {
    const workers = this.workers.filter((worker) => worker !== without);
    return (await Promise.all(workers.map((worker) => worker.call(user, calls / workers.length)))).flat();
  }

  async remove(worker: Worker): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1);
    await worker.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}

/** Resolves with true when a process sends a message of this kind, and with false when it ends before. */
function answer(process: ChildProcess, kind: Message['kind']): Promise<boolean> {
  return new Promise((resolve) => {
    process.on('message', (message: Message) => message.kind === kind && resolve(true));
    process.once('exit', () => resolve(false));
  });
}

/** Counts the reports by outcome. */
export function outcomes(reports: CallReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of reports) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
