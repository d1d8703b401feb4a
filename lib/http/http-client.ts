import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';

/** Milliseconds that a provider has to answer, unless `http.timeout` says otherwise. */
const DEFAULT_TIMEOUT = 10_000;

/** The axios instance of one client. */
export function createHttpClient(defaults: CreateAxiosDefaults = {}): AxiosInstance {
  return axios.create({ timeout: DEFAULT_TIMEOUT, ...defaults });
}
