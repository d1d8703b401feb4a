import type { ClientRegistration } from 'nestjs-oauth-client';

/** A provider that a test has started. `settings` holds those of its endpoints that have other paths. */
interface Provider {
  url: string;
  settings?: object;
}

/** The settings of an OAuth 2 client at a test provider. */
export function clientOf(provider: Provider, overrides: object = {}): ClientRegistration {
  const { url } = provider;
  const endpoints = { authorizeUrl: `${url}/authorize`, accessTokenUrl: `${url}/token` };
  return { ...commonOf(provider), ...endpoints, ...overrides };
}

/** The settings of an OAuth 1 client at a test provider. */
export function oauth1ClientOf(provider: Provider, overrides: object = {}): ClientRegistration {
  const { url, settings } = provider;
  const endpoints = {
    requestTokenUrl: `${url}/request-token`,
    authorizeUrl: `${url}/authorize`,
    accessTokenUrl: `${url}/access-token`,
  };
  return { ...commonOf(provider), ...endpoints, ...settings, ...overrides };
}

/** The settings of a client that finds the endpoints in the provider's metadata. */
export function discoveringClientOf(provider: Provider, overrides: object = {}): ClientRegistration {
  return { ...commonOf(provider), issuer: provider.url, ...overrides };
}

/** The settings of a client that registers itself at a test provider, which issues the credentials. */
export function selfRegisteringClientOf(provider: Provider): ClientRegistration {
  const registrationEndpoint = `${provider.url}/register`;
  return clientOf(provider, { clientId: undefined, clientSecret: undefined, registrationEndpoint });
}

/** The metadata of a test provider. */
export function metadataOf({ url }: Provider, more: object = {}): Record<string, unknown> {
  return { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, ...more };
}

function commonOf({ url }: Provider) {
  return { clientId: 'dev', clientSecret: 'dev-secret', apiBaseUrl: `${url}/api/`, allowInsecureHttp: true };
}
