import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { findProgram } from './program.js';

const execute = promisify(execFile);

/** A PostgreSQL server for one test, which may stop and restart it. */
export class PostgresServer {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;

  private constructor(port: number, folder: string) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#port = port;
    this.#folder = folder;
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), await mkdtemp(join(tmpdir(), 'postgres-')));
    await server.#init();
    await server.start();
    return server;
  }

  /** Starts the server with the existing data. */
  async start(): Promise<void> {
    const options = `-p ${this.#port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
    await this.#run('pg_ctl', 'start', '-w', '-l', join(this.#folder, 'log'), '-o', options, '-D', this.#data);
  }

  /** Stops the server immediately and closes all connections. */
  async stop(): Promise<void> {
    await this.#run('pg_ctl', 'stop', '-w', '-m', 'immediate', '-D', this.#data);
  }

  async close(): Promise<void> {
    await this.stop().catch(() => undefined); // it may already be stopped
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async #init(): Promise<void> {
    if (isRoot()) {
      const { stdout } = await execute('id', ['-u', 'postgres']);
      await chown(this.#folder, Number(stdout), 0);
    }
    await this.#run('initdb', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync', '-D', this.#data);
  }

  /** Runs a program as the user `postgres` if this process is root: PostgreSQL refuses to run as root. */
  async #run(name: string, ...options: string[]): Promise<void> {
    const program = findProgram(name) ?? name;
    if (isRoot()) await execute('runuser', ['-u', 'postgres', '--', program, ...options], { cwd: this.#folder });
    else await execute(program, options, { cwd: this.#folder });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
