/** The response of an endpoint, before it is validated. The library uses the `data` that a hook returns. */
export interface TokenEndpointResponse {
  /** HTTP status. */
  status: number;
  /** Header names in lower case. */
  headers: Record<string, string>;
  /** The unparsed body. */
  text: string;
  /** The body parsed as JSON, or with OAuth 1 also as a form. An empty object if the body is not one of them. */
  data: Record<string, unknown>;
}

/** A form POST request to an endpoint of the provider, before it is sent. */
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
