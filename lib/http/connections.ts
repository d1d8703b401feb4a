import http, { Agent as HttpAgent, ClientRequest, type ClientRequestArgs } from 'node:http';
import https, { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAxiosError, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { fieldsOf } from '../common/fields-of.js';

/** The client certificate and its key, in PEM. */
export interface ClientCertificate {
  cert: string;
  key: string;
  /** Trusted certificate authorities. @default those of Node */
  ca?: string;
}

/**
 * `pooled` reuses an idle connection if there is one. The server may close it while the request is sent, and then it is unknown
 * whether the server processed the request. `new` opens a connection for this request only.
 */
export type Connection = 'pooled' | 'new';

/** Sends a request with axios on a pooled or a new connection. */
export type Transport = (config: InternalAxiosRequestConfig, connection: Connection) => Promise<AxiosResponse>;

/** Options of this library's agents. Only with a timeout does Node close an idle connection before the server's `Keep-Alive` ends. */
export const POOL: AgentOptions = { keepAlive: true, timeout: 5000 };

/** Safe methods (RFC 9110 §9.2.1). A request with a safe method may be sent again. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** Error codes of a connection that the server closed. */
const CLOSED = ['ECONNRESET', 'EPIPE'];

/** Returns whether a method is safe (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.includes(method.toUpperCase());
}

/** Returns a transport that sends requests with an adapter of axios. */
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
 * Sends a request on a pooled connection. If the server closed that connection before it responded, sends a repeatable request
 * once more on a new connection. Sends any other request only once, because the server may have processed it.
 */
export async function sendPooled(
  isRepeatable: boolean,
  send: (connection: Connection) => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  if (!isRepeatable) {
    await detectClosedConnections();
    return send('pooled');
  }
  try {
    return await send('pooled');
  } catch (failure) {
    if (!wasClosedWhileIdle(failure)) throw failure;
    return send('new');
  }
}

/** Lets Node read from every socket once, so that its agents drop connections that the server has already closed. */
async function detectClosedConnections(): Promise<void> {
  await nextTurn(); // ends the current turn of the event loop
  await nextTurn();
}

/** Returns whether a request failed because the server closed an idle connection: no part of a response arrived. */
function wasClosedWhileIdle(failure: unknown): boolean {
  if (!isAxiosError(failure) || failure.response || !CLOSED.includes(failure.code ?? '')) return false;
  const request: unknown = failure.request;
  return request instanceof ClientRequest && request.reusedSocket && !fieldsOf(request).res;
}

/** Members of an agent that are missing in Node's types. */
interface AgentInternals {
  options: AgentOptions & { proxyEnv?: unknown };
  addRequest: (request: ClientRequest, ...others: unknown[]) => void;
  createSocket: unknown;
}

const NODE_AGENT = HttpAgent.prototype as unknown as AgentInternals;

const singleUseAgents = new WeakMap<HttpAgent, HttpAgent>();
const knownSingleUseAgents = new WeakSet<HttpAgent>();

/** Returns whether `singleUse()` created the agent. */
export function isSingleUse(agent: unknown): boolean {
  return agent instanceof HttpAgent && knownSingleUseAgents.has(agent);
}

/**
 * Returns an agent that uses each connection once. `agent` opens the connections, so its certificates, TLS sessions and address
 * checks apply. An agent that overrides how connections are opened, such as a proxy agent, is returned unchanged.
 * @param standard the agent that Node uses if `agent` is undefined
 */
export function singleUse(agent: unknown, standard?: HttpAgent): unknown {
  const inner = agent ?? standard;
  if (!(inner instanceof HttpAgent) || knownSingleUseAgents.has(inner) || !isStandard(inner)) return agent;
  const single = singleUseAgents.get(inner) ?? createSingleUse(inner);
  singleUseAgents.set(inner, single);
  return single;
}

/** Returns whether an agent manages its connections as Node's agents do. */
function isStandard(agent: HttpAgent): boolean {
  const internals = agent as unknown as AgentInternals;
  const isOverridden = (['addRequest', 'createSocket'] as const).some((name) => internals[name] !== NODE_AGENT[name]);
  return !isOverridden && !internals.options.proxyEnv;
}

function createSingleUse(inner: HttpAgent): HttpAgent {
  const { options } = inner as unknown as AgentInternals;
  const copied = { ...options, keepAlive: false, timeout: undefined };
  const agent = inner instanceof HttpsAgent ? new HttpsAgent(copied) : new HttpAgent(copied);
  knownSingleUseAgents.add(agent);
  return Object.assign(agent, {
    createConnection: (wanted: ClientRequestArgs, created?: (error: Error | null, socket: Socket) => void) =>
      inner.createConnection({ ...wanted, ...options }, created as never),
    addRequest(request: ClientRequest, ...others: unknown[]): void {
      request.shouldKeepAlive = false; // with `maxSockets`, the agent would give the connection to the next request
      NODE_AGENT.addRequest.call(agent, request, ...others);
    },
  });
}
