import { Agent, type AgentOptions } from 'node:https';
import axios, { type AxiosInstance, type AxiosRequestConfig, type CreateAxiosDefaults } from 'axios';
import type { ClientCertificate } from '../config/client-settings.js';
import { DEFAULT_TIMEOUT } from './deadline.js';

/** Largest answer of an API, in bytes, by default. */
const MAX_API_ANSWER = 10 * 1024 * 1024;

/** Agents that show a client's certificate, and what is used instead where nobody should see it. */
const bareAgents = new WeakMap<object, unknown>();

/** Creates the axios instance of one client, which shows the client's certificate if it has one. */
export function createHttpClient(defaults: CreateAxiosDefaults = {}, certificate?: ClientCertificate): AxiosInstance {
  return axios.create({
    ...defaults,
    timeout: defaults.timeout ?? DEFAULT_TIMEOUT,
    maxContentLength: defaults.maxContentLength ?? MAX_API_ANSWER,
    ...(certificate && { httpsAgent: agentWith(certificate, defaults.httpsAgent) }),
  });
}

/** Returns how large the answer of an API call may be, in bytes: a stream is limited only where somebody asked for that. */
export function answerLimit(
  { defaults }: AxiosInstance,
  { maxContentLength = defaults.maxContentLength, responseType = defaults.responseType }: AxiosRequestConfig,
): number | undefined {
  return responseType === 'stream' && maxContentLength === MAX_API_ANSWER ? -1 : maxContentLength;
}

/** Returns an agent that shows no certificate of ours, for a server that is not the provider's. */
export function withoutCertificate(agent: unknown): unknown {
  const hasCertificate = typeof agent === 'object' && agent !== null && bareAgents.has(agent);
  return hasCertificate ? bareAgents.get(agent) : agent;
}

function agentWith(certificate: ClientCertificate, given: unknown): Agent {
  const options: AgentOptions = given instanceof Agent ? given.options : { keepAlive: true };
  const agent = new Agent({ ...options, ...certificate });
  bareAgents.set(agent, given);
  return agent;
}
