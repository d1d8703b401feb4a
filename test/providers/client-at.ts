import type { ClientRegistration } from 'nestjs-oauth-client';

/** The settings of a client at a provider that tests have started. */
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

/** The settings of a client that registers itself at such a provider, which gives it its credentials. */
export function selfRegisteringClientAt({ url }: { url: string }) {
  return {
    authorizeUrl: `${url}/authorize`,
    accessTokenUrl: `${url}/token`,
    registrationEndpoint: `${url}/register`,
    allowInsecureHttp: true,
  };
}
