import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { listen } from '../providers/listen.js';
import { compileProgram } from '../support/compile.js';
import { describeWithPostgres, describeWithRedis, usePostgres, useRedis } from '../support/engines.js';
import type { TenantsApp } from './tenants.app.js';

const TENANTS = 1_000;
const PROCESSES = 4;
/** The number of visitors at a time. */
const VISITORS = 16;

jest.setTimeout(60_000); // processes start slowly

interface Visit {
  process: number;
  data?: { tenant: string; token: string };
  names?: string[];
}

describeWithRedis('tenants in several processes, with the settings in PostgreSQL', () => {
  describeWithPostgres('and the pending logins and tokens in Redis', () => {
    const redis = useRedis();
    const postgres = usePostgres();
    const names = Array.from({ length: TENANTS }, (_, index) => `tenant-${index}`);
    let provider: { port: number; close(): Promise<void> };
    let processes: ChildProcess[] = [];
    let urls: string[] = [];

    beforeAll(async () => {
      provider = await startProviders();
      const settings = names.map((name) => JSON.stringify(settingsOf(name, `http://127.0.0.1:${provider.port}`)));
      await postgres.pool.query('CREATE TABLE tenants (name text PRIMARY KEY, settings json NOT NULL)');
      await postgres.pool.query('INSERT INTO tenants SELECT * FROM unnest($1::text[], $2::json[])', [names, settings]);
      const program = compileProgram('test/cluster/tenants.app.ts');
      const { prefix, url } = redis;
      const app: TenantsApp = { postgres: postgres.url, schema: postgres.schema, redis: url, prefix };
      processes = Array.from({ length: PROCESSES }, () => fork(program, [JSON.stringify(app)], { execArgv: [] }));
      urls = await Promise.all(processes.map(async (process) => ((await once(process, 'message')) as [string])[0]));
    }, 60_000);

    afterAll(async () => {
      agent.destroy();
      for (const process of processes) process.kill('SIGKILL');
      await provider.close();
    });

    /** Begins a login in one process, finishes it in the next, and calls the API in the one after that. */
    async function signIn(name: string, first: number): Promise<Visit[]> {
      const [begin, finish, call] = [0, 1, 2].map((step) => `${urls[(first + step) % PROCESSES]}/auth/${name}`);
      const login = await get(`${begin}/login`);
      const location = new URL(login.headers.location ?? '');
      expect(location.pathname).toBe(`/${name}/authorize`);
      const query = new URLSearchParams({ code: `code of ${name}`, state: location.searchParams.get('state') ?? '' });
      const cookie = login.headers['set-cookie']?.map((line) => line.split(';')[0]).join('; ');
      const callback = await get(`${finish}/callback?${query.toString()}`, cookie);
      const page = await get(`${call}/me`);
      return [callback, page].map(({ body }) => JSON.parse(body) as Visit);
    }

    it('sign users in at their own provider only, with logins that begin and finish in different processes', async () => {
      const visits = new Map<string, Visit[]>();
      const waiting = names.entries();
      const visitor = async (): Promise<void> => {
        for (const [index, name] of waiting) visits.set(name, await signIn(name, index));
      };
      await Promise.all(Array.from({ length: VISITORS }, visitor));
      const results = names.map((name) => visits.get(name)?.[1]?.data);
      expect(results).toEqual(names.map((tenant) => ({ tenant, token: `Bearer token of ${tenant}` })));
      const finished = [...visits.values()].map(([callback, page]) => callback?.process !== page?.process);
      expect(finished).toEqual(names.map(() => true));
      expect([...visits.values()].flatMap(([, page]) => page?.names)).toEqual([]); // nothing was registered
    });

    it('do not exist in any process if the table does not have them', async () => {
      const statuses = await Promise.all(urls.map(async (url) => (await get(`${url}/auth/tenant-x/login`)).status));
      expect(statuses).toEqual([404, 404, 404, 404]);
    });
  });
});

/** Reuses connections, because `fetch` takes longer than the application. A busy process may find them closed. */
const agent = new Agent({ keepAlive: true });

function get(url: string, cookie?: string): Promise<{ status?: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers: cookie === undefined ? {} : { cookie } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing
      .on('error', (error: NodeJS.ErrnoException) => {
        const wasClosedWhileIdle = outgoing.reusedSocket && error.code === 'ECONNRESET';
        if (wasClosedWhileIdle) get(url, cookie).then(resolve, reject);
        else reject(error);
      })
      .end();
  });
}

function settingsOf(name: string, url: string): object {
  return {
    client_id: `client of ${name}`,
    client_secret: `secret of ${name}`,
    authorize_url: `${url}/${name}/authorize`,
    access_token_url: `${url}/${name}/token`,
    api_base_url: `${url}/${name}/api/`,
    allow_insecure_http: true,
  };
}

/** Starts the providers of all tenants: each refuses the clients and codes of others, and answers with its own name. */
function startProviders(): Promise<{ port: number; close(): Promise<void> }> {
  return listen((incoming, response) => {
    const [, tenant = '', ...path] = (incoming.url ?? '').split('/');
    const answer = (status: number, json: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    const { authorization = '' } = incoming.headers;
    if (path.join('/') === 'api/me') {
      answer(200, { tenant, token: authorization });
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const code = new URLSearchParams(Buffer.concat(chunks).toString()).get('code');
      const credentials = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
      const isOwn = credentials === `client+of+${tenant}:secret+of+${tenant}` && code === `code of ${tenant}`;
      answer(
        isOwn ? 200 : 400,
        isOwn ? { access_token: `token of ${tenant}`, token_type: 'bearer' } : { error: 'invalid_grant' },
      );
    });
  });
}
