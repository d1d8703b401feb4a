import type { AxiosInstance, AxiosRequestConfig, AxiosResponse, CreateAxiosDefaults } from 'axios';
import type { Credentials } from './api-request.js';
import type { HttpClientOptions } from './axios-client.js';
import type { ProtocolAnswer } from './protocol-answer.js';
import type { ProtocolRequest } from './protocol-request.js';
import type * as Transport from './transport.js';

let transport: typeof Transport | undefined;

/** Sends the requests of a client. Loads axios for the first request of the process, because this takes a third of an import. */
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
    transport ??= await import('./transport.js');
    return transport.sendApiRequest<T>(this.#instance(transport), config, credentials);
  }

  /** Sends a request of the protocol: see `sendProtocolRequest()` in `protocol-request.ts`. */
  async sendProtocolRequest(request: ProtocolRequest): Promise<ProtocolAnswer> {
    transport ??= await import('./transport.js');
    return transport.sendProtocolRequest(this.#instance(transport), request);
  }

  #instance({ createHttpClient, mergedDefaults }: typeof Transport): AxiosInstance {
    return (this.#axios ??= createHttpClient(mergedDefaults(...this.#defaults), this.#options));
  }
}
