import { Agent as HttpAgent } from 'node:http';
import type { AgentOptions, Agent as HttpsAgent } from 'node:https';
import axios, { AxiosError, type AxiosAdapter, type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { OAuthError } from '../errors/oauth.errors.js';
import { isSingleUse, POOL, singleUse, type ClientCertificate } from './connections.js';
import { PRIVATE_ADDRESS, PublicHttpAgent, PublicHttpsAgent } from './public-agent.js';

const publicOnlyAdapters = new WeakSet<AxiosAdapter>();

/** How a client connects. */
export interface NetworkAccess {
  certificate?: ClientCertificate;
  /** Addresses that are reached although they are not public; for tests. */
  allowedAddresses?: readonly string[];
}

/** Agents that connect to public addresses only. */
interface PublicAgents {
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
  /** The same without the client's certificate. */
  bareAgent: HttpsAgent;
}

/** Makes agents that connect to public addresses only, with the options of the agents in the http defaults. */
export function publicAgents(
  { httpAgent, httpsAgent }: Pick<CreateAxiosDefaults, 'httpAgent' | 'httpsAgent'>,
  { certificate, allowedAddresses }: NetworkAccess,
): PublicAgents {
  const secure = optionsOf(httpsAgent);
  const ca = certificate?.ca;
  const bareAgent = new PublicHttpsAgent({ ...secure, ...(ca !== undefined && { ca }) }, allowedAddresses);
  return {
    httpAgent: new PublicHttpAgent(optionsOf(httpAgent), allowedAddresses),
    httpsAgent: certificate ? new PublicHttpsAgent({ ...secure, ...certificate }, allowedAddresses) : bareAgent,
    bareAgent,
  };
}

/** The types of Node know the options of agents for https only. */
function optionsOf(agent: unknown): AgentOptions {
  return agent instanceof HttpAgent ? (agent as HttpsAgent).options : POOL;
}

/**
 * Makes an adapter whose requests go through these agents, whatever else the options of axios say: a proxy, a Unix socket, a
 * custom transport or HTTP/2 would connect without them.
 * @throws {OAuthError} `private_address` (status 502) when a request leads to an address that is not public
 */
export function publicOnlyAdapter({ httpAgent, httpsAgent, bareAgent }: PublicAgents): AxiosAdapter {
  const send = axios.getAdapter('http');
  const adapter: AxiosAdapter = async (config) => {
    const isBare = config.httpsAgent === bareAgent || config.httpsAgent === singleUse(bareAgent);
    const secureAgent = isBare ? bareAgent : httpsAgent;
    const isNew = isSingleUse(config.httpAgent);
    const guarded = {
      ...config,
      httpAgent: isNew ? singleUse(httpAgent) : httpAgent,
      httpsAgent: isNew ? singleUse(secureAgent) : secureAgent,
      proxy: false as const,
      socketPath: undefined,
      transport: undefined,
      httpVersion: 1 as const,
    };
    try {
      return await send(guarded);
    } catch (error) {
      throw error instanceof AxiosError && error.code === PRIVATE_ADDRESS ? refusal(config) : error;
    }
  };
  publicOnlyAdapters.add(adapter);
  return adapter;
}

/** Whether an instance of axios has such an adapter, which no option of a call may replace. */
export function isPublicOnly({ defaults: { adapter } }: AxiosInstance): boolean {
  return typeof adapter === 'function' && publicOnlyAdapters.has(adapter);
}

/** The client that sent the request, perhaps a browser, does not learn the address; the cause, for logs, has the URL. */
function refusal({ method = 'get', url = '' }: { method?: string; url?: string }): OAuthError {
  const { origin, pathname } = new URL(url);
  return new OAuthError('private_address', {
    description:
      'a request of a client that was registered at run time was not sent: its host has a private, loopback or link-local ' +
      'address, and blockPrivateNetworks is set. If you operate the provider, configure the client at start-up',
    status: 502,
    cause: new Error(`${method.toUpperCase()} ${origin}${pathname} leads to an address that is not public`),
  });
}
