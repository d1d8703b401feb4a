import type { AxiosInstance, AxiosRequestConfig, AxiosResponse, CreateAxiosDefaults } from 'axios';
import type { Credentials } from './api-request.js';
import type { HttpClientOptions } from './axios-client.js';
import type { ProtocolAnswer } from './protocol-answer.js';
import type { ProtocolRequest } from './protocol-request.js';
import type * as Transport from './transport.js';

let transport: typeof Transport | undefined;

/** Loads axios, which takes longer than the rest of the library. Applications do this at start-up, so that no request waits for it. */
export async function loadTransport(): Promise<typeof Transport> {
  return (transport ??= await import('./transport.js'));
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
    const loaded = transport ?? (await loadTransport());
    return loaded.sendApiRequest<T>(this.#instance(loaded), config, credentials);
  }

  /** Sends a request of the protocol: see `sendProtocolRequest()` in `protocol-request.ts`. */
  async sendProtocolRequest(request: ProtocolRequest): Promise<ProtocolAnswer> {
    const loaded = transport ?? (await loadTransport());
    return loaded.sendProtocolRequest(this.#instance(loaded), request);
  }

  #instance({ createHttpClient, mergedDefaults }: typeof Transport): AxiosInstance {
    return (this.#axios ??= createHttpClient(mergedDefaults(...this.#defaults), this.#options));
  }
}
