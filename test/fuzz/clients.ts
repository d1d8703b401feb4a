import { generateKeyPairSync } from 'node:crypto';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { CLIENT_ID, SECRETS } from './secrets.js';

const PRIVATE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

/** The kinds of clients in the fuzz tests. */
export const CLIENT_KINDS = [
  'plain',
  'oidc',
  'userinfo',
  'signed',
  'jarm',
  'hybrid',
  'par',
  'dpop',
  'oauth1',
  'machine',
] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** Returns the settings of a client of this issuer. */
export function clientOf(kind: ClientKind, issuer: string): ClientRegistration {
  const common = {
    clientId: CLIENT_ID,
    clientSecret: SECRETS.client,
    apiBaseUrl: `${issuer}/api/`,
    allowInsecureHttp: true,
  };
  const clientKwargs = { scope: 'openid', refreshTimeout: 1 };
  const openId = { ...common, clientKwargs, serverMetadataUrl: `${issuer}/.well-known/openid-configuration` };
  switch (kind) {
    case 'plain':
      return {
        ...common,
        authorizeUrl: `${issuer}/authorize`,
        accessTokenUrl: `${issuer}/token`,
        endSessionEndpoint: `${issuer}/end`,
        clientKwargs: { scope: 'profile', codeChallengeMethod: 'S256', refreshTimeout: 1 },
      };
    case 'oidc':
      return openId;
    case 'userinfo':
      return { ...openId, userInfoFrom: 'userinfo' };
    case 'signed':
      return {
        ...openId,
        userInfoFrom: 'userinfo',
        userinfoSignedResponseAlg: 'ES256',
        introspectionSignedResponseAlg: 'ES256',
      };
    case 'jarm':
      return { ...openId, authorizeParams: { response_mode: 'jwt' } };
    case 'hybrid':
      return { ...openId, authorizeParams: { response_type: 'code id_token', response_mode: 'form_post' } };
    case 'par':
      return {
        ...openId,
        requirePushedAuthorizationRequests: true,
        privateKeys: PRIVATE_KEY,
        clientKwargs: { ...clientKwargs, tokenEndpointAuthMethod: 'private_key_jwt' },
      };
    case 'dpop':
      return { ...openId, dpopBoundAccessTokens: true };
    case 'machine':
      return { ...openId, grantType: 'client_credentials' };
    case 'oauth1':
      return {
        ...common,
        requestTokenUrl: `${issuer}/request-token`,
        accessTokenUrl: `${issuer}/access-token`,
        authorizeUrl: `${issuer}/authorize`,
      };
  }
}
