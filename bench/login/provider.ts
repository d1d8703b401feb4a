/** The provider of every login. It is never called, because only redirects are measured. */
export const PROVIDER = {
  clientId: 'a-client',
  clientSecret: 'a-secret',
  authorizeUrl: 'https://provider.example/oauth2/authorize',
  accessTokenUrl: 'https://provider.example/oauth2/token',
  scope: 'profile email',
};

export const BASE_URL = 'https://app.example';
export const CALLBACK_PATH = '/auth/callback';
