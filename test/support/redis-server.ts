import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { freePort } from './free-port.js';
import { findProgram } from './program.js';

/** A Redis server for one test, which may stop, empty and restart it. */
export class RedisServer {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #process?: ChildProcess;

  private constructor(port: number, folder: string) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#port = port;
    this.#folder = folder;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'redis-')));
    await server.start();
    return server;
  }

  /** Starts the server with the existing data. */
  async start(): Promise<void> {
    const settings = {
      port: this.#port,
      bind: '127.0.0.1',
      dir: this.#folder,
      appendonly: 'yes',
      appendfsync: 'always',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn(findProgram('redis-server') ?? 'redis-server', [...options, '--save', ''], {
      stdio: 'ignore',
    });
    await once(this.#process, 'spawn');
    const client = createClient({ url: this.url, socket: { reconnectStrategy: 50 }, disableOfflineQueue: false });
    client.on('error', () => undefined); // the server is not ready yet
    await client.connect();
    await client.ping();
    client.destroy();
  }

  /** Kills the server, as a power failure would. */
  async stop(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  /** Deletes the data of a stopped server. */
  async empty(): Promise<void> {
    await rm(join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
    await rm(join(this.#folder, 'appendonly.aof'), { force: true }); // Redis 6
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
