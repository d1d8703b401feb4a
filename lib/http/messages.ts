/** An endpoint's answer, before it is checked. What a hook returns in `data` is what counts. */
export interface TokenEndpointResponse {
  /** HTTP status. */
  status: number;
  /** Header names in lower case. */
  headers: Record<string, string>;
  /** The body as it came. */
  text: string;
  /** The body parsed as JSON; empty when it is not a JSON object. */
  data: Record<string, unknown>;
}

/** A form POST to one of the provider's endpoints, before it is sent. */
export interface EndpointRequest {
  /** Absolute URL. */
  url: string;
  /** Header names in lower case. */
  headers: Record<string, string>;
  body: URLSearchParams;
}

/** An API call, before it is sent. */
export interface ProtectedRequest {
  method: string;
  /** Absolute URL with its query. */
  url: string;
  /** Header names in lower case. */
  headers: Record<string, string>;
  /** The encoded body. */
  data: unknown;
}
