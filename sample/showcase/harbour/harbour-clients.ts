import type { ClientMetadata } from 'oidc-provider';

/** Hosts of this machine. The redirect URI of a native client may have any port, so the showcase may use any port. */
const HOSTS = ['http://localhost', 'http://127.0.0.1'];

export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** Returns the client of the showcase's site, as registered at Harbour. Its tokens are bound to keys (DPoP). */
export function siteClient({ clientId, clientSecret }: Credentials, port: string | undefined): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    client_name: 'The showcase',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: HOSTS.map((host) => `${host}/auth/harbour/callback`),
    post_logout_redirect_uris: HOSTS.map((host) => `${host}/auth/harbour/signed-out`),
    dpop_bound_access_tokens: true,
    ...(port !== undefined && backchannelLogout(port)),
  };
}

/** Returns the client of a television, as registered at Harbour. It has neither a redirect URI nor a secret. */
export function tvClient(clientId: string): ClientMetadata {
  return {
    client_id: clientId,
    client_name: 'A TV',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
    redirect_uris: [],
  };
}

/** Returns the settings of back-channel logout. Harbour calls the showcase, so the port must be known, and sends the `sid`. */
function backchannelLogout(port: string): Partial<ClientMetadata> {
  return {
    backchannel_logout_uri: `http://localhost:${port}/auth/harbour/backchannel-logout`,
    backchannel_logout_session_required: true,
  };
}
