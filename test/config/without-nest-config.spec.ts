import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compileProgram } from '../support/compile.js';
import { ENDPOINTS } from './registry-with.js';

const KEY = 'AUTHLIB_OAUTH_CLIENTS';
const INSTALL = 'to read settings from ConfigModule or a .env file, run "npm install @nestjs/config"';

interface Outcome {
  url?: string;
  error?: string;
}

describe('an application without @nestjs/config', () => {
  let program: string;

  beforeAll(() => {
    program = compileProgram('test/config/absent-package.app.ts');
  }, 60_000);

  /** Starts an application in a separate process, with real ES modules and without one package. */
  async function start(options: object, env: Record<string, string> = {}, absent = '@nestjs/config'): Promise<Outcome> {
    const { PATH } = process.env;
    const command = [program, absent, JSON.stringify(options)];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { PATH, ...env } });
    return JSON.parse(stdout) as Outcome;
  }

  it('works with clients in code', async () => {
    const { url } = await start({ clients: { dev: { ...ENDPOINTS, client_id: 'code' } } });
    expect(url).toContain('client_id=code');
  });

  it('reads the variables of a client from the environment', async () => {
    const { url } = await start({ clients: { dev: ENDPOINTS } }, { DEV_CLIENT_ID: 'variable' });
    expect(url).toContain('client_id=variable');
  });

  it('reads clients from the variable of the config key', async () => {
    const { url } = await start({}, { [KEY]: JSON.stringify({ dev: { ...ENDPOINTS, client_id: 'json' } }) });
    expect(url).toContain('client_id=json');
  });

  it('reports which package to install if a setting is missing that ConfigModule may provide', async () => {
    const { error } = await start({ clients: { dev: ENDPOINTS } });
    expect(error).toContain(`dev.client_id: missing. Set the variable DEV_CLIENT_ID, or give it in code; ${INSTALL}`);
  });

  it('reports which package to install if no client is configured', async () => {
    const { error } = await start({});
    expect(error).toContain(`Configured clients: none; give \`clients\` in code; ${INSTALL}`);
  });

  it('does not start if a dependency of @nestjs/config is missing', async () => {
    const { error } = await start({ clients: { dev: { ...ENDPOINTS, client_id: 'code' } } }, {}, 'dotenv');
    expect(error).toContain("'dotenv'");
  });

  it('reports ConfigModule if the package is installed', async () => {
    const { error } = await start({}, {}, 'a-package-that-nobody-needs');
    expect(error).toContain('Configured clients: none; see that ConfigModule is global');
  });
});
