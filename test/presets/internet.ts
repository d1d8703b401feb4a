import { Agent, createServer } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { listenWith } from '../providers/listen.js';
import { makeCertificates } from '../providers/mutual-tls.js';

/** A request to a host of the Internet. */
export interface Received {
  method: string;
  /** The URL without its query. */
  url: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A response. A string is sent unchanged, anything else as JSON. */
export interface Reply {
  status?: number;
  type?: string;
  body: unknown;
}

type Handler = (request: Received) => Reply | undefined | Promise<Reply | undefined>;

/** A server that responds for every host, and the agent that connects to it instead. */
export interface Internet {
  agent: Agent;
  /** Responds to the requests from now on. `undefined` becomes 404. */
  serve(handler: Handler): void;
  close(): Promise<void>;
}

export async function startInternet(): Promise<Internet> {
  const { server: certificate } = await makeCertificates();
  let current: Handler = () => undefined;
  const server = createServer(certificate, (incoming, response) => {
    void receive(incoming)
      .then((request) => answerOf(current, request))
      .then((reply) => {
        send(response, reply);
      });
  });
  const { port, close } = await listenWith(server);
  return {
    agent: new RedirectingAgent(port),
    serve: (handler) => {
      current = handler;
    },
    close,
  };
}

/** Connects to this machine, whatever the host is. The certificate is for another name, so it is not verified. */
class RedirectingAgent extends Agent {
  readonly #port: number;

  constructor(port: number) {
    super({ keepAlive: true, rejectUnauthorized: false });
    this.#port = port;
  }

  override createConnection(...[options, created]: Parameters<Agent['createConnection']>) {
    return super.createConnection({ ...options, host: '127.0.0.1', port: this.#port }, created);
  }
}

/** Responds with the error of a failed check, which the failing test then shows. */
async function answerOf(handler: Handler, request: Received): Promise<Reply> {
  try {
    return (
      (await handler(request)) ?? { status: 404, body: { message: `nothing at ${request.method} ${request.url}` } }
    );
  } catch (error) {
    return { status: 400, body: { error: 'invalid_request', error_description: String(error) } };
  }
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  let body = '';
  for await (const chunk of incoming) body += String(chunk);
  const { method = '', headers } = incoming;
  const url = new URL(incoming.url ?? '', `https://${headers.host}`);
  return { method, url: url.origin + url.pathname, query: url.searchParams, headers, body };
}

function send(response: ServerResponse, { status = 200, type = 'application/json', body }: Reply): void {
  const isText = typeof body === 'string';
  response
    .writeHead(status, { 'content-type': isText && type === 'application/json' ? 'text/html' : type })
    .end(isText ? body : JSON.stringify(body));
}
