import type { ClientRegistration } from 'nestjs-oauth-client';

/** Returns the settings of a client at a provider of the tests. */
export function clientAt({ url }: { url: string }): ClientRegistration {
  return {
    clientId: 'dev',
    clientSecret: 's3cret',
    authorizeUrl: `${url}/authorize`,
    accessTokenUrl: `${url}/token`,
    apiBaseUrl: url,
    allowInsecureHttp: true,
  };
}

/** Returns the settings of a client that registers dynamically at a provider of the tests. */
export function selfRegisteringClientAt({ url }: { url: string }) {
  return {
    authorizeUrl: `${url}/authorize`,
    accessTokenUrl: `${url}/token`,
    registrationEndpoint: `${url}/register`,
    allowInsecureHttp: true,
  };
}
