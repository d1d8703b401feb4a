import { Agent as HttpAgent } from 'node:http';
import type { AgentOptions, Agent as HttpsAgent } from 'node:https';
import axios, { AxiosError, type AxiosAdapter, type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { OAuthError } from '../errors/oauth.errors.js';
import { isSingleUse, POOL, singleUse, type ClientCertificate } from './connections.js';
import { PRIVATE_ADDRESS, PublicHttpAgent, PublicHttpsAgent } from './public-agent.js';

const publicOnlyAdapters = new WeakSet<AxiosAdapter>();

/** Options for the connections of a client. */
export interface NetworkAccess {
  certificate?: ClientCertificate;
  /** Addresses that are allowed although they are not public; for tests. */
  allowedAddresses?: readonly string[];
}

/** Agents that connect to public addresses only. */
interface PublicAgents {
  httpAgent: HttpAgent;
  httpsAgent: HttpsAgent;
  /** The agent for https without the client certificate. */
  bareAgent: HttpsAgent;
}

/** Creates agents that connect to public addresses only, with the options of the agents in the axios defaults. */
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

/** Returns the options of an agent. Node's types declare them for https agents only. */
function optionsOf(agent: unknown): AgentOptions {
  return agent instanceof HttpAgent ? (agent as HttpsAgent).options : POOL;
}

/**
 * Creates an adapter that sends every request through these agents. It ignores the axios options that would connect without
 * them: a proxy, a Unix socket, a custom transport and HTTP/2.
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

/** Returns whether an axios instance connects to public addresses only. The options of a call must not replace its adapter. */
export function isPublicOnly({ defaults: { adapter } }: AxiosInstance): boolean {
  return typeof adapter === 'function' && publicOnlyAdapters.has(adapter);
}

/** Returns the error for an address that is not public. A browser may read the description, so only the cause contains the URL. */
function refusal({ method = 'get', url = '' }: { method?: string; url?: string }): OAuthError {
  const { origin, pathname } = new URL(url);
  return new OAuthError('private_address', {
    description:
      'a request of a client that was registered or resolved at run time was not sent: its host has a private, loopback or ' +
      'link-local address; expected a public address, because of blockPrivateNetworks or resolveClient. If you operate the ' +
      'provider, configure the client at start-up, or set allowPrivateNetwork for the clients of resolveClient',
    status: 502,
    cause: new Error(`${method.toUpperCase()} ${origin}${pathname} leads to an address that is not public`),
  });
}
