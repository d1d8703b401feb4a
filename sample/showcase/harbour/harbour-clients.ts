import type { ClientMetadata } from 'oidc-provider';

/** Hosts of this machine. A native client's port may be any, so that the showcase may listen wherever it likes. */
const HOSTS = ['http://localhost', 'http://127.0.0.1'];

export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** The showcase, as Harbour has it registered: the client of its site, whose tokens are bound to keys. */
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

/** A television: it has no page to come back to, and no place for a secret. */
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

/** Harbour calls the showcase itself when a session ends, so the port must be known before; it says which session (`sid`). */
function backchannelLogout(port: string): Partial<ClientMetadata> {
  return {
    backchannel_logout_uri: `http://localhost:${port}/auth/harbour/backchannel-logout`,
    backchannel_logout_session_required: true,
  };
}
