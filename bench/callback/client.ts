/** The client that both apps are at the provider, and the site that they are. */
export const CLIENT = { id: 'a-client', secret: 'a-secret', scope: 'openid profile email' };
export const BASE_URL = 'https://app.example';
export const CALLBACK_PATH = '/auth/callback';

/** The claims that an app answers with when a login is done; the nonce stays with the login. */
export const CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp', 'at_hash', 'name', 'email'];
