import http, { Agent as HttpAgent, ClientRequest, type ClientRequestArgs } from 'node:http';
import https, { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAxiosError, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';

/** A client's certificate and its key, in PEM. */
export interface ClientCertificate {
  cert: string;
  key: string;
  /** Whose certificates are trusted, instead of the system's. */
  ca?: string;
}

/**
 * `pooled`: one that is kept open after another request, if there is one. A server may close such a connection at the moment
 * at which the request is sent, and then it is unknown whether the request was processed. `new`: one for this request alone.
 */
export type Connection = 'pooled' | 'new';

/** Sends a request with axios on a connection of one kind. */
export type Transport = (config: InternalAxiosRequestConfig, connection: Connection) => Promise<AxiosResponse>;

/** Options of this library's agents. With a timeout, Node closes an idle connection before the server's `Keep-Alive` says that it will. */
export const POOL: AgentOptions = { keepAlive: true, timeout: 5000 };

/** Methods that change nothing at the server (RFC 9110 §9.2.1), so that a request may be sent again. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** Codes of a connection that the server closed. */
const CLOSED = ['ECONNRESET', 'EPIPE'];

/** Whether a method changes nothing at the server. */
export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.includes(method.toUpperCase());
}

/** Returns a transport that sends with an adapter of axios. */
export function transportBy(adapter: AxiosAdapter): Transport {
  return (config, connection) =>
    adapter(
      connection === 'pooled'
        ? config
        : {
            ...config,
            httpAgent: singleUse(config.httpAgent, http.globalAgent),
            httpsAgent: singleUse(config.httpsAgent, https.globalAgent),
          },
    );
}

/**
 * Sends a request on a pooled connection. One that may be repeated is sent once more, on a new connection, when the server
 * closed the pooled one before it answered. Any other is sent once: it may have been processed.
 */
export async function sendPooled(
  isRepeatable: boolean,
  send: (connection: Connection) => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  if (!isRepeatable) {
    await closedConnectionsAreSeen();
    return send('pooled');
  }
  try {
    return await send('pooled');
  } catch (failure) {
    if (!wasClosedWhileIdle(failure)) throw failure;
    return send('new');
  }
}

/** Lets Node read from every socket once, so that its agents drop connections that the server has closed already. */
async function closedConnectionsAreSeen(): Promise<void> {
  await nextTurn(); // ends the turn of the event loop that runs now
  await nextTurn();
}

/** Whether a request failed because the server closed a connection that was idle before: no part of an answer came. */
function wasClosedWhileIdle(failure: unknown): boolean {
  if (!isAxiosError(failure) || failure.response || !CLOSED.includes(failure.code ?? '')) return false;
  const request: unknown = failure.request;
  return request instanceof ClientRequest && request.reusedSocket && !(request as { res?: unknown }).res;
}

/** Members of an agent that Node's types leave out. */
interface AgentInternals {
  options: AgentOptions & { proxyEnv?: unknown };
  addRequest: (request: ClientRequest, ...others: unknown[]) => void;
  createSocket: unknown;
}

const NODES = HttpAgent.prototype as unknown as AgentInternals;

const singleUseAgents = new WeakMap<HttpAgent, HttpAgent>();
const allSingleUse = new WeakSet<HttpAgent>();

/** Whether an agent is one that `singleUse()` returned. */
export function isSingleUse(agent: unknown): boolean {
  return agent instanceof HttpAgent && allSingleUse.has(agent);
}

/**
 * Returns an agent that uses each connection once. The given agent makes the connections, so that its certificates, its TLS
 * sessions and its address checks count. An agent that hands out connections in its own way, such as one of a proxy, is
 * returned as it is.
 * @param standard the agent that Node uses when none is given
 */
export function singleUse(agent: unknown, standard?: HttpAgent): unknown {
  const inner = agent ?? standard;
  if (!(inner instanceof HttpAgent) || allSingleUse.has(inner) || !isStandard(inner)) return agent;
  const made = singleUseAgents.get(inner) ?? makeSingleUse(inner);
  singleUseAgents.set(inner, made);
  return made;
}

/** Whether an agent keeps and hands out its connections as Node's own do. */
function isStandard(agent: HttpAgent): boolean {
  const own = agent as unknown as AgentInternals;
  return (['addRequest', 'createSocket'] as const).every((name) => own[name] === NODES[name]) && !own.options.proxyEnv;
}

function makeSingleUse(inner: HttpAgent): HttpAgent {
  const { options } = inner as unknown as AgentInternals;
  const copied = { ...options, keepAlive: false, timeout: undefined };
  const agent = inner instanceof HttpsAgent ? new HttpsAgent(copied) : new HttpAgent(copied);
  allSingleUse.add(agent);
  return Object.assign(agent, {
    createConnection: (wanted: ClientRequestArgs, created?: (error: Error | null, socket: Socket) => void) =>
      inner.createConnection({ ...wanted, ...options }, created as never),
    addRequest(request: ClientRequest, ...others: unknown[]): void {
      request.shouldKeepAlive = false; // otherwise `maxSockets` would hand the connection to the next request
      NODES.addRequest.call(agent, request, ...others);
    },
  });
}
