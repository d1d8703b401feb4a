import type { AxiosInstance, AxiosRequestConfig, AxiosResponse, CreateAxiosDefaults } from 'axios';
import type { Credentials } from './api-request.js';
import type { HttpClientOptions } from './axios-instance.js';
import type { ProtocolAnswer } from './protocol-answer.js';
import type { ProtocolRequest } from './protocol-request.js';
import type * as AxiosRequests from './axios-requests.js';

let requests: typeof AxiosRequests | undefined;

/** Loads axios, which takes longer than the rest of the library. Applications do this at start-up, so that no request waits for it. */
export async function loadAxios(): Promise<typeof AxiosRequests> {
  return (requests ??= await import('./axios-requests.js'));
}

/** Sends the requests of a client. */
export class HttpClient {
  readonly #defaults: readonly (CreateAxiosDefaults | undefined)[];
  readonly #options: HttpClientOptions;
  #axios?: AxiosInstance;

  /** @param defaults the axios defaults of the module, and those of the client, which are merged over them */
  constructor(
    defaults: readonly [module?: CreateAxiosDefaults, client?: CreateAxiosDefaults],
    options: HttpClientOptions,
  ) {
    this.#defaults = defaults;
    this.#options = options;
  }

  /** Sends an API call: see `sendApiRequest()` in `api-request.ts`. */
  async sendApiRequest<T>(
    config: AxiosRequestConfig & { method: string; url: string },
    credentials?: Credentials,
  ): Promise<AxiosResponse<T>> {
    const loaded = requests ?? (await loadAxios());
    return loaded.sendApiRequest<T>(this.#instance(loaded), config, credentials);
  }

  /** Sends a request of the protocol: see `sendProtocolRequest()` in `protocol-request.ts`. */
  async sendProtocolRequest(request: ProtocolRequest): Promise<ProtocolAnswer> {
    const loaded = requests ?? (await loadAxios());
    return loaded.sendProtocolRequest(this.#instance(loaded), request);
  }

  #instance({ createAxiosInstance, mergedDefaults }: typeof AxiosRequests): AxiosInstance {
    return (this.#axios ??= createAxiosInstance(mergedDefaults(...this.#defaults), this.#options));
  }
}
