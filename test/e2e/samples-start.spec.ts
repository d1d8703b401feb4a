import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { compileProgram } from '../support/compile.js';
import { listen } from '../providers/listen.js';

const SAMPLES = [
  ['showcase', 'npm start'],
  ['cluster', 'npm run sample:cluster'],
] as const;

describe.each(SAMPLES)('the sample "%s"', (sample, command) => {
  let program: string;

  beforeAll(() => {
    program = compileProgram(`sample/${sample}/main.ts`);
  }, 60_000);

  function start(PORT: string): Promise<string> {
    const { PATH } = process.env;
    const env = { PATH, PORT };
    return new Promise((done) =>
      execFile(process.execPath, [program], { env, timeout: 50_000 }, (_, __, stderr) => done(stderr)),
    );
  }

  it('prints how to choose another port if its port is taken', async () => {
    const { port, close } = await listen(() => undefined);
    const output = await start(String(port));
    await close();
    expect(output).toContain(`Port ${port} is taken by another program. Choose another port: PORT=3001 ${command}\n`);
    expect(output).not.toContain('    at ');
  }, 60_000);

  it.each(['abc', '65536', '-1', ''])('refuses PORT=%s, and prints what a port is', async (port) => {
    const output = await start(port);
    expect(output).toContain(`PORT is "${port}": expected a number up to 65535. Choose another port: PORT=3001`);
    expect(output).not.toContain('    at ');
  });
});
