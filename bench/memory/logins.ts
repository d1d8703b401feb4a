// Begins and finishes logins, `node logins.js MODULE`, one after the other, with the requests and responses of node:http but without
// a connection: 100,000 logins over connections would take minutes.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { serveParent } from '../support/serve-parent.js';
import { ownUsage } from '../support/usage.js';
import { usedHeap } from '../support/used-heap.js';

/** An application, without its routes. */
export interface LoginApp {
  /** Sets the cookie of the login, and returns the authorization URL. */
  begin(request: AppRequest, response: ServerResponse): Promise<string>;
  /** Returns the access token. */
  finish(request: AppRequest, response: ServerResponse): Promise<string>;
}

/** The request that Express passes to a route. */
export type AppRequest = IncomingMessage & { protocol: string; host: string; query: Record<string, string> };

/** What logins have used. */
export interface LoginRun {
  /** The heap after the logins. */
  megabytes: number;
  garbagePercent: number;
}

const { app } = (await import(process.argv[2]!)) as { app: LoginApp };
const socket = new Socket();

serveParent('ready', { 'run logins': (count) => runLogins(count as number) });

async function runLogins(count: number): Promise<LoginRun> {
  const before = await ownUsage();
  for (let i = 0; i < count; i++) await login();
  const after = await ownUsage();
  return { megabytes: usedHeap(), garbagePercent: ((after.gc - before.gc) * 100) / (after.cpu - before.cpu) };
}

async function login(): Promise<void> {
  const start = requestFor('/login');
  const redirect = new ServerResponse(start);
  const state = new URL(await app.begin(start, redirect)).searchParams.get('state') ?? '';
  const callback = requestFor(`/callback?code=a-code&state=${state}`, { code: 'a-code', state });
  callback.headers.cookie = cookieOf(redirect);
  const accessToken = await app.finish(callback, new ServerResponse(callback));
  if (accessToken !== 'an-access-token') throw new Error('the login was not finished');
}

function requestFor(url: string, query: Record<string, string> = {}): AppRequest {
  const request = new IncomingMessage(socket);
  return Object.assign(request, { url, method: 'GET', protocol: 'https', host: 'app.example', query });
}

function cookieOf(response: ServerResponse): string {
  return [response.getHeader('Set-Cookie') ?? []]
    .flat()
    .map((cookie) => String(cookie).split(';')[0])
    .join('; ');
}
