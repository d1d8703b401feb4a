/** The provider that every login goes to; nobody calls it. */
export const PROVIDER = {
  clientId: 'a-client',
  clientSecret: 'a-secret',
  authorizeUrl: 'https://provider.example/oauth2/authorize',
  accessTokenUrl: 'https://provider.example/oauth2/token',
  scope: 'profile email',
};

export const BASE_URL = 'https://app.example';
export const CALLBACK_PATH = '/auth/callback';
