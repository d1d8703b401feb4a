import type { ClientRegistration } from 'nestjs-oauth-client';
import { listen } from '../../test/providers/listen.js';
import { startOidcProvider } from '../../test/providers/oidc-provider.js';

const CLIENT = { clientId: 'cluster', clientSecret: 'a secret between the cluster and its own provider' };

/** The lifetime of an access token. */
const LIFETIME_S = 300;

/**
 * Starts an OpenID Connect provider whose refresh tokens can be used only once: a second use revokes the whole grant, and the
 * user must sign in again. Also serves the number of refreshes, at `refreshesUrl`.
 */
export async function startHarbour(): Promise<Record<'url' | 'refreshesUrl', string>> {
  let refreshes = 0;
  const { url } = await startOidcProvider({
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        client_name: 'The cluster',
        application_type: 'native', // any port is allowed
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://localhost/auth/callback'],
      },
    ],
    accessTokenTtl: LIFETIME_S,
    requirePkce: true,
    onAnswer: ({ oidc }) => {
      if (oidc.route === 'token' && oidc.params?.grant_type === 'refresh_token') refreshes++;
    },
  });
  const counter = await listen((_request, response) => response.end(String(refreshes)));
  return { url, refreshesUrl: `http://127.0.0.1:${counter.port}` };
}

/** Returns the client settings of every process. */
export function harbourClient(url: string): ClientRegistration {
  return {
    ...CLIENT,
    serverMetadataUrl: `${url}/.well-known/openid-configuration`,
    apiBaseUrl: `${url}/api/`,
    allowInsecureHttp: true, // the provider runs on this machine
    clientKwargs: { scope: 'openid profile email', codeChallengeMethod: 'S256' },
  };
}
