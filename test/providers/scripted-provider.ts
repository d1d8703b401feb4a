import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { listen } from './listen.js';

/** A received request. */
export interface ReceivedRequest {
  method: string;
  /** The path and the query. */
  url: string;
  /** The path without the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The result of a script: a normal response, or a misbehavior. */
type Reply =
  | { status?: number; headers?: Record<string, string>; body?: string; json?: unknown }
  /** Sends no response. */
  | 'never'
  /** Sends an endless body as fast as possible. */
  | 'endless'
  /** Sends an endless body with a byte every 20 milliseconds. */
  | 'drip';

/** A provider whose responses a test scripts, and which keeps all requests. */
export interface ScriptedProvider {
  url: string;
  /** The requests in order of arrival. */
  requests: ReceivedRequest[];
  /** Scripts the response of a route such as `POST /token`. Other routes respond with 404. */
  on(route: string, reply: (request: ReceivedRequest) => Reply | Promise<Reply>): void;
  close(): Promise<void>;
}

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const requests: ReceivedRequest[] = [];
  const replies = new Map<string, (request: ReceivedRequest) => Reply | Promise<Reply>>();

  const { port, close } = await listen((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, path: url.replace(/\?.*/, ''), headers, body: Buffer.concat(chunks) };
      requests.push(request);
      const reply = replies.get(`${method} ${request.path}`)?.(request) ?? { status: 404, body: 'no script' };
      if (reply instanceof Promise) void reply.then((late) => send(response, late));
      else send(response, reply);
    });
  });

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    on: (route, reply) => replies.set(route, reply),
    close,
  };
}

/** Scripts the token endpoints of OAuth 1 and OAuth 2. */
export function answerLogins(provider: ScriptedProvider): void {
  provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
  provider.on('POST /request-token', () => ({
    body: 'oauth_token=rt&oauth_token_secret=rts&oauth_callback_confirmed=true',
  }));
  provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
}

function send(response: ServerResponse, reply: Reply): void {
  switch (reply) {
    case 'never':
      return;
    case 'endless':
      flood(response);
      return;
    case 'drip':
      drip(response);
      return;
    default: {
      const { status = 200, headers = {}, body, json } = reply;
      const type = json === undefined ? {} : { 'content-type': 'application/json' };
      response.writeHead(status, { ...type, ...headers }).end(json === undefined ? body : JSON.stringify(json));
    }
  }
}

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}
