import type { ClientSettings } from 'nestjs-oauth-client/protocol';

/** Returns the settings of `count` clients, each with a different provider, as for tenants. */
export function manyClients(count: number): Record<string, ClientSettings> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => `tenant-${index}`).map((name) => [name, settingsOf(name)]),
  );
}

/** Returns the settings of one client. */
export function settingsOf(name: string): ClientSettings {
  const provider = `https://${name}.provider.example`;
  return {
    client_id: `client-of-${name}`,
    client_secret: `secret-of-${name}`,
    access_token_url: `${provider}/oauth2/token`,
    authorize_url: `${provider}/oauth2/authorize`,
    authorize_params: { prompt: 'consent' },
    api_base_url: `${provider}/api/`,
    client_kwargs: { scope: 'openid profile email', code_challenge_method: 'S256' },
  };
}
