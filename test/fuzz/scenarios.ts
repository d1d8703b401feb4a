import type { OAuth1App, OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import type { ClientKind } from './clients.js';
import { claimsFor, type EndpointName } from './endpoints.js';
import { jwtOf } from './hostile-jwt.js';
import { SECRETS } from './secrets.js';
import type { Site } from './site.js';

/** The context of a scenario, with a new client that has not called its provider yet. */
interface ScenarioContext {
  site: Site;
  client: string;
  issuer: string;
  token: OAuth2Token;
  two: OAuth2App;
  one: OAuth1App;
}

/** An action of an application, and the endpoints that it calls. */
export interface Scenario {
  kinds: readonly ClientKind[];
  endpoints: readonly EndpointName[];
  /** Undefined for a login in a browser. */
  call?: (context: ScenarioContext) => Promise<unknown>;
}

const CODE_KINDS = ['plain', 'oidc', 'userinfo', 'signed', 'jarm', 'hybrid', 'par', 'dpop'] as const;
const OPEN_ID = ['oidc', 'par', 'dpop'] as const;
/** Milliseconds until a login on another device expires. */
const PATIENCE = 1_500;

/** Returns the context for a client. */
export function scenarioContext(site: Site, client: string, issuer: string): ScenarioContext {
  const token = { accessToken: SECRETS.access, refreshToken: SECRETS.refresh, idToken: jwtOf(claimsFor(issuer)) };
  const [two, one] = [site.registry.get<OAuth2App>(client), site.registry.get<OAuth1App>(client)];
  return { site, client, issuer, token: { ...token, tokenType: 'bearer' }, two, one };
}

function expired(token: OAuth2Token): OAuth2Token {
  return { ...token, expiresAt: 1 };
}

/** The scenarios by name. */
export const SCENARIOS: Record<string, Scenario> = {
  login: { kinds: CODE_KINDS, endpoints: ['token', 'token', 'token', 'metadata', 'jwks'] },
  'login with userinfo': { kinds: ['userinfo', 'signed'], endpoints: ['userinfo'] },
  'pushed login': { kinds: ['par'], endpoints: ['par'] },
  'OAuth 1 login': { kinds: ['oauth1'], endpoints: ['request token', 'access token'] },
  exchange: {
    kinds: OPEN_ID,
    endpoints: ['token', 'metadata'],
    call: ({ two }) => two.fetchAccessToken({ code: SECRETS.code, redirectUri: 'https://site.example/callback' }),
  },
  'token in use': {
    kinds: ['plain', ...OPEN_ID],
    endpoints: ['token'],
    call: async ({ two }) => {
      const token = await two.fetchAccessToken({ code: SECRETS.code, redirectUri: 'https://site.example/callback' });
      JSON.stringify(token); // as every store does
      return two.get('me', { token: expired(token) });
    },
  },
  refresh: {
    kinds: ['plain', ...OPEN_ID],
    endpoints: ['token', 'token', 'metadata', 'jwks'],
    call: ({ two, token }) => two.get('me', { token: expired(token) }),
  },
  'API call': { kinds: [...OPEN_ID, 'plain'], endpoints: ['api'], call: ({ two, token }) => two.get('me', { token }) },
  'API call with a body': {
    kinds: OPEN_ID,
    endpoints: ['api'],
    call: ({ two, token }) => two.post('me', { a: 1 }, { token }),
  },
  'OAuth 1 API call': {
    kinds: ['oauth1'],
    endpoints: ['api'],
    call: ({ one }) => one.get('me', { token: { oauthToken: SECRETS.access, oauthTokenSecret: SECRETS.tokenSecret } }),
  },
  'machine call': { kinds: ['machine'], endpoints: ['token', 'metadata', 'api'], call: ({ two }) => two.get('me') },
  userinfo: {
    kinds: ['oidc', 'signed', 'dpop'],
    endpoints: ['userinfo', 'userinfo', 'metadata', 'jwks'],
    call: ({ two, token }) => two.userinfo({ token }),
  },
  revocation: {
    kinds: OPEN_ID,
    endpoints: ['revoke', 'metadata'],
    call: ({ two, token }) => two.revokeToken({ token }),
  },
  introspection: {
    kinds: ['oidc', 'signed'],
    endpoints: ['introspect', 'introspect', 'metadata', 'jwks'],
    call: ({ two, token }) => two.introspectToken({ token }),
  },
  device: {
    kinds: OPEN_ID,
    endpoints: ['device', 'device', 'token', 'metadata'],
    call: async ({ two }) => {
      const pending = await two.deviceAuthorization();
      return pending.wait({ signal: AbortSignal.timeout(PATIENCE) });
    },
  },
  'another device': {
    kinds: OPEN_ID,
    endpoints: ['ciba', 'ciba', 'token', 'metadata'],
    call: async ({ two }) => {
      const pending = await two.backchannelAuthentication({ loginHint: 'ada' });
      return pending.wait({ signal: AbortSignal.timeout(PATIENCE) });
    },
  },
  registration: {
    kinds: ['oidc'],
    endpoints: ['register', 'register', 'metadata'],
    call: ({ site, client, issuer }) =>
      site.registry.registerDynamically(
        client,
        { serverMetadataUrl: `${issuer}/.well-known/openid-configuration`, allowInsecureHttp: true },
        { redirect_uris: ['https://site.example/callback'] },
        SECRETS.registration,
        { replace: true },
      ),
  },
  'logout URL': {
    kinds: ['oidc'],
    endpoints: ['metadata'],
    call: ({ two }) => two.createLogoutUrl({ postLogoutRedirectUri: 'https://site.example/' }),
  },
  'logout token': {
    kinds: ['oidc'],
    endpoints: ['jwks', 'metadata'],
    call: ({ two, issuer }) => {
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const body = { logout_token: jwtOf(claimsFor(issuer, { jti: 'x', events }), {}, 'logout+jwt') };
      return two.backchannelLogout({ method: 'POST', body });
    },
  },
  health: {
    kinds: ['oidc', 'plain'],
    endpoints: ['metadata', 'jwks'],
    call: ({ site, client }) => site.health.check('oauth', { clients: [client] }),
  },
};
