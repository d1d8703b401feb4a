import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { compileProgram } from './compile.js';

/** The sample in `sample/cluster`, which runs in several processes. */
export interface ClusterSample {
  /** The URL of its proxy. */
  url: string;
  close(): Promise<void>;
}

let program: string | undefined;

/** Starts the sample as `npm run sample:cluster` does, on a free port, with only `PATH` and these variables. */
export async function startClusterSample(environment: Record<string, string | undefined>): Promise<ClusterSample> {
  program ??= compileProgram('sample/cluster/main.ts');
  const { PATH } = process.env;
  const child = spawn(process.execPath, [program], { env: { PATH, PORT: '0', ...environment } });
  const faults = text(child.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (output: Buffer) => {
      const [address] = /http:\S+/.exec(output.toString()) ?? [];
      if (address) resolve(address);
    });
    child.once('exit', () => void faults.then((fault) => reject(new Error(`the sample did not start: ${fault}`))));
  });
  return {
    url,
    close: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
