/** The client and the site of both apps. */
export const CLIENT = { id: 'a-client', secret: 'a-secret', scope: 'openid profile email' };
export const BASE_URL = 'https://app.example';
export const CALLBACK_PATH = '/auth/callback';

/** The claims in the response of an app after a login. The nonce is not among them. */
export const CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp', 'at_hash', 'name', 'email'];
