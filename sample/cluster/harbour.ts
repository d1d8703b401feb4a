import type { ClientRegistration } from 'nestjs-oauth-client';
import { listen } from '../../test/providers/listen.js';
import { startOidcProvider } from '../../test/providers/oidc-provider.js';

const CLIENT = { clientId: 'cluster', clientSecret: 'a secret between the cluster and its own provider' };

/** Seconds that an access token lives. */
const LIFETIME = 300;

/**
 * An OpenID Connect provider whose refresh tokens can be used once: whoever uses one again loses the whole grant, and the
 * user is out. At an address beside it, it tells how many refreshes there have been.
 */
export async function startHarbour(): Promise<Record<'url' | 'refreshesUrl', string>> {
  let refreshes = 0;
  const { url } = await startOidcProvider({
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        client_name: 'The cluster',
        application_type: 'native', // whose port may be any
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://localhost/auth/callback'],
      },
    ],
    accessTokenTtl: LIFETIME,
    requirePkce: true,
    onAnswer: ({ oidc }) => {
      if (oidc.route === 'token' && oidc.params?.grant_type === 'refresh_token') refreshes++;
    },
  });
  const counter = await listen((_request, response) => response.end(String(refreshes)));
  return { url, refreshesUrl: `http://127.0.0.1:${counter.port}` };
}

/** The client of each process. */
export function harbourClient(url: string): ClientRegistration {
  return {
    ...CLIENT,
    serverMetadataUrl: `${url}/.well-known/openid-configuration`,
    apiBaseUrl: `${url}/api/`,
    allowInsecureHttp: true, // it runs on this machine
    clientKwargs: { scope: 'openid profile email', codeChallengeMethod: 'S256' },
  };
}
