import { Agent, type AgentOptions } from 'node:https';
import axios, { mergeConfig, type AxiosInstance, type AxiosRequestConfig, type CreateAxiosDefaults } from 'axios';
import { POOL } from './connections.js';
import { DEFAULT_TIMEOUT } from './deadline.js';
import { publicAgents, publicOnlyAdapter, type NetworkAccess } from './public-network.js';

/** Default limit for the response of an API call, in bytes. */
const MAX_API_ANSWER = 10 * 1024 * 1024;

/** Agents with the client certificate, each with the agent without the client certificate that replaces it for other servers. */
const bareAgents = new WeakMap<object, unknown>();

export interface HttpClientOptions extends NetworkAccess {
  /** Whether the client connects to public addresses only. */
  isPublicOnly?: boolean;
}

/** Merges the axios defaults of a client over those of the module, header by header. */
export function mergedDefaults(
  module: CreateAxiosDefaults = {},
  client: CreateAxiosDefaults = {},
): CreateAxiosDefaults {
  return mergeConfig(module as AxiosRequestConfig, client as AxiosRequestConfig) as CreateAxiosDefaults;
}

/** Creates the axios instance of a client, with the client certificate if the client has one. */
export function createAxiosInstance(
  defaults: CreateAxiosDefaults = {},
  { isPublicOnly = false, ...access }: HttpClientOptions = {},
): AxiosInstance {
  return axios.create({
    ...defaults,
    timeout: defaults.timeout ?? DEFAULT_TIMEOUT,
    maxContentLength: defaults.maxContentLength ?? MAX_API_ANSWER,
    ...(isPublicOnly ? publicOnly(defaults, access) : withCertificate(defaults, access)),
  });
}

/** Returns the size limit for the response of an API call, in bytes. The default limit does not apply to a stream (-1). */
export function answerLimit(
  { defaults }: AxiosInstance,
  { maxContentLength = defaults.maxContentLength, responseType = defaults.responseType }: AxiosRequestConfig,
): number | undefined {
  return responseType === 'stream' && maxContentLength === MAX_API_ANSWER ? -1 : maxContentLength;
}

/** Returns the agent without the client certificate, for servers other than the provider's. */
export function withoutCertificate(agent: unknown): unknown {
  const hasCertificate = typeof agent === 'object' && agent !== null && bareAgents.has(agent);
  return hasCertificate ? bareAgents.get(agent) : agent;
}

function withCertificate(
  { httpsAgent: given }: CreateAxiosDefaults,
  { certificate }: NetworkAccess,
): CreateAxiosDefaults {
  if (!certificate) return {};
  const options: AgentOptions = given instanceof Agent ? given.options : POOL;
  const httpsAgent = new Agent({ ...options, ...certificate });
  const { ca } = certificate;
  bareAgents.set(httpsAgent, ca === undefined ? given : new Agent({ ...options, ca }));
  return { httpsAgent };
}

function publicOnly(defaults: CreateAxiosDefaults, access: NetworkAccess): CreateAxiosDefaults {
  const agents = publicAgents(defaults, access);
  const { httpAgent, httpsAgent, bareAgent } = agents;
  if (httpsAgent !== bareAgent) bareAgents.set(httpsAgent, bareAgent);
  return { httpAgent, httpsAgent, proxy: false, adapter: publicOnlyAdapter(agents) };
}
