import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import {
  errors,
  interactionPolicy,
  Provider,
  type ClientMetadata,
  type Configuration,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { listen } from './listen.js';
import { icon, LOGIN_IS_OVER, loginPage, messagePage } from './login-page.js';
import { memoryAdapter } from './oidc-memory-adapter.js';
import { authenticate, USERS } from './users.js';

export interface OidcProviderOptions {
  clients: ClientMetadata[];
  /** @default a free port */
  port?: number;
  /** The lifetime of an access token in seconds. @default 3600 */
  accessTokenTtl?: number;
  /** Whether a login without PKCE is refused. @default false */
  requirePkce?: boolean;
  /** Further configuration of `oidc-provider`. `features` are merged with the features below. */
  configuration?: Partial<Configuration>;
  /** Called after each response of the provider's endpoints. */
  onAnswer?: (context: KoaContextWithOIDC) => void;
}

export interface OidcProvider {
  /** The URL, which is also the issuer. */
  url: string;
  provider: Provider;
  close(): Promise<void>;
}

/** The look of the provider's pages. */
export const LOOK = { provider: 'Harbour ID', color: '#3d5a45' };
/** Every scope that a client may receive. The user consents only once. */
const SCOPES = 'openid profile email offline_access';

/** Starts the certified OpenID Connect provider `oidc-provider`, with a custom login page and an API. */
export async function startOidcProvider(options: OidcProviderOptions): Promise<OidcProvider> {
  const app = express();
  const { port, close } = await listen(app, options.port);
  const url = `http://localhost:${port}`;
  const provider = new Provider(url, configuration(options));
  if (options.onAnswer) tell(provider, options.onAnswer);
  app.use(interactions(provider), api(provider), provider.callback());
  return { url, provider, close };
}

function tell(provider: Provider, onAnswer: (context: KoaContextWithOIDC) => void): void {
  provider.use(async (context, next) => {
    await next();
    if ('oidc' in context) onAnswer(context as KoaContextWithOIDC);
  });
}

function configuration(options: OidcProviderOptions): Configuration {
  const { clients, accessTokenTtl = 3600, requirePkce = false, configuration: more = {} } = options;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    adapter: memoryAdapter(),
    clients,
    clockTolerance: 0, // a token with a lifetime of one second expires after one second
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => {
      const user = USERS.find((known) => known.id === id);
      return user && { accountId: id, claims: () => ({ sub: id, name: user.name, email: user.email }) };
    },
    interactions: { policy: loginOnly(), url: (_context, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    loadExistingGrant: async (context) => {
      const { client, session, provider } = context.oidc;
      if (!client || !session?.accountId) return undefined;
      const known = await provider.Grant.find(session.grantIdFor(client.clientId) ?? '');
      if (known) return known; // a grant whose refresh token was revoked no longer exists
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPES);
      await grant.save();
      return grant;
    },
    pkce: { required: () => requirePkce },
    renderError,
    rotateRefreshToken: true,
    scopes: SCOPES.split(' '),
    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    ...more,
    features: { ...features(), ...more.features } as Configuration['features'],
  };
}

/** The features that tests need. They do not affect clients that do not use them. */
function features(): NonNullable<Configuration['features']> {
  return {
    backchannelLogout: { enabled: true },
    ciba: { enabled: true, ...CIBA },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true },
    encryption: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
    jwtIntrospection: { enabled: true },
    jwtResponseModes: { enabled: true },
    jwtUserinfo: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true },
    requestObjects: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: { enabled: true },
  };
}

/** Backchannel authentication (CIBA). The test responds for the user with `provider.backchannelResult()`. */
const CIBA = {
  processLoginHint: async (_context: unknown, hint: unknown) => USERS.find(({ username }) => username === hint)?.id,
  processLoginHintToken: async () => undefined,
  triggerAuthenticationDevice: async () => undefined,
  validateBindingMessage: async () => undefined,
  validateRequestContext: async () => undefined,
  verifyUserCode: async () => undefined,
} satisfies Partial<NonNullable<NonNullable<Configuration['features']>['ciba']>>;

/** Requires a login but no consent, which native clients with a loopback redirect URI would otherwise require. */
function loginOnly(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  return policy;
}

/** The login page. */
function interactions(provider: Provider): express.Router {
  const router = express.Router();
  router.get('/interaction/:uid', async (request, response) => {
    const { uid, params } = await provider.interactionDetails(request, response);
    response.send(await page(provider, uid, params));
  });
  router.post('/interaction/:uid', express.urlencoded(), async (request, response) => {
    const { uid, params } = await provider.interactionDetails(request, response);
    const { username, password, decision } = request.body as Record<string, unknown>;
    if (decision !== 'allow') {
      await provider.interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'The user said no',
      });
      return;
    }
    const user = authenticate(username, password);
    const [acr] = (params.acr_values as string | undefined)?.split(' ') ?? []; // a password satisfies every acr
    if (user)
      await provider.interactionFinished(request, response, { login: { accountId: user.id, acr }, consent: {} });
    else response.status(401).send(await page(provider, uid, params, 'No such user, or another password.'));
  });
  router.get('/favicon.ico', (_request, response) => void response.type('svg').send(icon(LOOK)));
  router.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (error instanceof errors.SessionNotFound) response.status(400).send(messagePage(LOOK, LOGIN_IS_OVER));
    else next(error);
  });
  return router;
}

/** The error page. The default page of `oidc-provider` loads a font from the network. */
function renderError(context: KoaContextWithOIDC, out: { error: string; error_description?: string }): void {
  context.type = 'html';
  context.body = messagePage(LOOK, `Refused: ${out.error_description ?? out.error} (${out.error}).`);
}

async function page(provider: Provider, uid: string, params: Record<string, unknown>, fault?: string): Promise<string> {
  const client = await provider.Client.find(String(params.client_id));
  return loginPage({
    ...LOOK,
    client: client?.clientName ?? String(params.client_id),
    wishes: ['know who you are', 'see your name and email address'],
    action: `/interaction/${uid}`,
    fault,
  });
}

/** An API that accepts access tokens in every location of RFC 6750 §2, and tokens bound to a key only with a proof. */
function api(provider: Provider): express.Router {
  const router = express.Router();
  router.all('/api/me', express.urlencoded(), async (request, response) => {
    const dpop = dpopToken(request);
    const token = await provider.AccessToken.find(dpop ?? bearerToken(request) ?? '');
    const key = dpop === undefined ? undefined : await provenKey(request, `${provider.issuer}/api/me`, dpop);
    const isBound = dpop !== undefined || token?.jkt !== undefined;
    const isGood = !isBound || (key !== undefined && key === token?.jkt);
    const user = isGood ? USERS.find(({ id }) => id === token?.accountId) : undefined;
    if (user) {
      response.json({ sub: user.id, name: user.name, email: user.email });
      return;
    }
    const challenge = `${isBound ? 'DPoP' : 'Bearer'} error="invalid_token"`;
    response.status(401).set('WWW-Authenticate', challenge).json({ error: 'invalid_token' });
  });
  return router;
}

/** The algorithms of proofs that `oidc-provider` accepts, too. */
const DPOP_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'];

/** Returns the thumbprint of the key of a valid proof for this request and this token (RFC 9449 §4.3). */
async function provenKey(request: Request, url: string, accessToken: string): Promise<string | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(request.get('DPoP') ?? '', EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: DPOP_ALGORITHMS,
      requiredClaims: ['jti'],
      maxTokenAge: 60,
    });
    const { htm, htu, ath } = payload;
    const isOfThisRequest = htm === request.method && htu === url;
    const isWithThisToken = ath === createHash('sha256').update(accessToken).digest('base64url');
    return isOfThisRequest && isWithThisToken ? await calculateJwkThumbprint(protectedHeader.jwk ?? {}) : undefined;
  } catch {
    return undefined;
  }
}

function dpopToken({ headers }: Request): string | undefined {
  return /^DPoP (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

function bearerToken({ headers, query, body }: Request): string | undefined {
  const [, inHeader] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  const inForm = (body as { access_token?: string } | undefined)?.access_token;
  return inHeader ?? inForm ?? (query.access_token as string | undefined);
}
