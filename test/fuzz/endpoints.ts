import { CLAIMS, jwtOf, PROVIDER_JWK, type JwtEdits } from './hostile-jwt.js';
import { CLIENT_ID, SECRETS } from './secrets.js';

/** A request to an endpoint. */
interface EndpointQuery {
  issuer: string;
  form: URLSearchParams;
  jwt?: JwtEdits;
}

/** An endpoint of the provider: its valid response, and the names in it that cases change. */
export interface EndpointScript {
  path: string;
  valid: (query: EndpointQuery) => object;
  fields: readonly string[];
  /** The claims of the JWT in the response. */
  claims?: readonly string[];
  /** The media type, if the response is a JWT. */
  jwtType?: string;
  isForm?: true;
  /** The status of a valid response. @default 200 */
  status?: number;
}

/** The start of a pushed request's URI. The state and the nonce follow, so the provider does not need to save them. */
export const PUSHED = 'urn:pushed:';
/** The only user. */
export const USER = 'ada';

const METADATA = {
  authorization_endpoint: '/authorize',
  token_endpoint: '/token',
  jwks_uri: '/jwks',
  userinfo_endpoint: '/userinfo',
  revocation_endpoint: '/revoke',
  introspection_endpoint: '/introspect',
  end_session_endpoint: '/end',
  pushed_authorization_request_endpoint: '/par',
  device_authorization_endpoint: '/device',
  backchannel_authentication_endpoint: '/ciba',
  registration_endpoint: '/register',
};

const METADATA_LISTS = {
  id_token_signing_alg_values_supported: ['ES256'],
  authorization_signing_alg_values_supported: ['ES256'],
  code_challenge_methods_supported: ['S256'],
  response_types_supported: ['code', 'code id_token'],
  dpop_signing_alg_values_supported: ['ES256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic'],
};

const METADATA_FIELDS = [
  'issuer',
  ...Object.keys(METADATA),
  ...Object.keys(METADATA_LISTS),
  'mtls_endpoint_aliases',
  'require_pushed_authorization_requests',
  'require_signed_request_object',
  'authorization_response_iss_parameter_supported',
  'userinfo_signing_alg_values_supported',
];

const TOKEN_FIELDS = ['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope', 'id_token', 'error'];
const JWK_FIELDS = ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'd', 'k', 'ext', 'x5c'];
const REGISTRATION_FIELDS = ['client_id', 'client_secret', 'client_secret_expires_at', 'token_endpoint_auth_method'];
const DEVICE_FIELDS = [
  'device_code',
  'user_code',
  'verification_uri',
  'verification_uri_complete',
  'expires_in',
  'interval',
];
const OAUTH1_FIELDS = ['oauth_token', 'oauth_token_secret', 'oauth_callback_confirmed', 'oauth_problem'];

/** The claims of every JWT of the provider. */
export function claimsFor(issuer: string, more: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: CLIENT_ID, sub: USER, sid: 'a-session', iat: now, exp: now + 300, ...more };
}

/** Returns an authorization code that contains the nonce, so the provider does not need to save it. */
export function codeFor(nonce: string | null): string {
  return `${SECRETS.code}.${nonce ?? ''}`;
}

/** The endpoints by name. */
export const ENDPOINTS = {
  metadata: {
    path: '/.well-known/openid-configuration',
    valid: ({ issuer }) => {
      const urls = Object.entries(METADATA).map(([name, path]) => [name, issuer + path]);
      return { issuer, ...(Object.fromEntries(urls) as object), ...METADATA_LISTS };
    },
    fields: METADATA_FIELDS,
  },
  jwks: { path: '/jwks', valid: () => PROVIDER_JWK, fields: JWK_FIELDS },
  token: {
    path: '/token',
    valid: ({ issuer, form, jwt }) => {
      const nonce = form.get('code')?.split('.')[1];
      const tokens = { access_token: SECRETS.access, refresh_token: SECRETS.refresh, id_token: '' };
      tokens.id_token = jwtOf(claimsFor(issuer, nonce ? { nonce } : {}), jwt);
      return { ...tokens, token_type: form.get('dpop') ? 'DPoP' : 'Bearer', expires_in: 3600, scope: 'openid' };
    },
    fields: TOKEN_FIELDS,
    claims: CLAIMS,
  },
  userinfo: {
    path: '/userinfo',
    valid: ({ issuer }) => ({ iss: issuer, aud: CLIENT_ID, sub: USER, name: 'Ada', email: 'ada@example.test' }),
    fields: ['sub', 'iss', 'aud', 'name', 'email', 'address'],
    claims: ['iss', 'aud', 'sub', 'exp', 'name'],
    jwtType: 'application/jwt',
  },
  revoke: { path: '/revoke', valid: () => ({}), fields: ['error', 'error_description'] },
  introspect: {
    path: '/introspect',
    valid: ({ issuer }) => ({ ...claimsFor(issuer), active: true, token_introspection: { active: true, sub: USER } }),
    fields: ['active', 'scope', 'exp', 'sub', 'token_introspection'],
    claims: ['iss', 'aud', 'iat', 'token_introspection'],
    jwtType: 'application/token-introspection+jwt',
  },
  par: {
    path: '/par',
    status: 201,
    valid: ({ form }) => {
      const [state, nonce] = [form.get('state') ?? '', form.get('nonce') ?? ''];
      return { request_uri: PUSHED + new URLSearchParams({ state, nonce }).toString(), expires_in: 60 };
    },
    fields: ['request_uri', 'expires_in'],
  },
  device: {
    path: '/device',
    valid: () => ({
      device_code: SECRETS.device,
      user_code: 'ABCD',
      verification_uri: 'https://provider.test/device',
      expires_in: 10,
      interval: 1,
    }),
    fields: DEVICE_FIELDS,
  },
  ciba: {
    path: '/ciba',
    valid: () => ({ auth_req_id: SECRETS.device, expires_in: 10, interval: 1 }),
    fields: ['auth_req_id', 'expires_in', 'interval'],
  },
  register: {
    path: '/register',
    status: 201,
    valid: () => ({
      client_id: CLIENT_ID,
      client_secret: SECRETS.client,
      client_secret_expires_at: 0,
      registration_access_token: SECRETS.registration,
    }),
    fields: REGISTRATION_FIELDS,
  },
  api: { path: '/api/me', valid: () => ({ sub: USER }), fields: ['sub', 'error'] },
  'request token': {
    path: '/request-token',
    valid: () => ({
      oauth_token: `request-token-${Math.random()}`,
      oauth_token_secret: SECRETS.tokenSecret,
      oauth_callback_confirmed: 'true',
    }),
    fields: OAUTH1_FIELDS,
    isForm: true,
  },
  'access token': {
    path: '/access-token',
    valid: () => ({ oauth_token: SECRETS.access, oauth_token_secret: SECRETS.tokenSecret }),
    fields: OAUTH1_FIELDS,
    isForm: true,
  },
} satisfies Record<string, EndpointScript>;

export type EndpointName = keyof typeof ENDPOINTS;
