import { Agent, type AgentOptions } from 'node:https';
import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import type { ClientCertificate } from '../config/client-settings.js';

/** Milliseconds that a provider has to answer, unless `http.timeout` says otherwise. */
const DEFAULT_TIMEOUT = 10_000;

/** The axios instance of one client, which shows the client's certificate if it has one. */
export function createHttpClient(defaults: CreateAxiosDefaults = {}, certificate?: ClientCertificate): AxiosInstance {
  const agent = certificate && { httpsAgent: agentWith(certificate, defaults.httpsAgent) };
  return axios.create({ timeout: DEFAULT_TIMEOUT, ...defaults, ...agent });
}

function agentWith(certificate: ClientCertificate, given: unknown): Agent {
  const options: AgentOptions = given instanceof Agent ? given.options : { keepAlive: true };
  return new Agent({ ...options, ...certificate });
}
