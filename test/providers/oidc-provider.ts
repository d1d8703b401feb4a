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
  /** @default any that is free */
  port?: number;
  /** Seconds that an access token lives. @default 3600 */
  accessTokenTtl?: number;
  /** Whether a login without PKCE is refused. @default false */
  requirePkce?: boolean;
  /** Whatever else `oidc-provider` is to be told; `features` are merged with those below. */
  configuration?: Partial<Configuration>;
  /** Is told of every request to the provider's own endpoints that was answered. */
  onAnswer?: (context: KoaContextWithOIDC) => void;
}

export interface OidcProvider {
  /** The issuer too. */
  url: string;
  provider: Provider;
  close(): Promise<void>;
}

/** Of every page of this provider. */
export const LOOK = { provider: 'Harbour ID', colour: '#3d5a45' };
/** Everything that a client may be given; nobody is asked twice. */
const SCOPES = 'openid profile email offline_access';

/** A certified OpenID Connect provider, `oidc-provider`, with a login page and an API of its own. */
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
    clockTolerance: 0, // a token that lives a second lives a second
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
      if (known) return known; // one whose refresh token was revoked is gone
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

/** All that is asked of a client by one provider or another; each is of no consequence to a client that does not use it. */
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

/** A user who is asked on a device of their own; the test answers for them, by `provider.backchannelResult()`. */
const CIBA = {
  processLoginHint: async (_context: unknown, hint: unknown) => USERS.find(({ username }) => username === hint)?.id,
  processLoginHintToken: async () => undefined,
  triggerAuthenticationDevice: async () => undefined,
  validateBindingMessage: async () => undefined,
  validateRequestContext: async () => undefined,
  verifyUserCode: async () => undefined,
} satisfies Partial<NonNullable<NonNullable<Configuration['features']>['ciba']>>;

/** Asks for a login and no more; a native client, whose loopback redirect URI has any port, would have to ask for consent. */
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
    const [acr] = (params.acr_values as string | undefined)?.split(' ') ?? []; // a password is as sure as they like
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

/** For whatever `oidc-provider` refuses to a browser, instead of its own page, which loads a font from the network. */
function renderError(context: KoaContextWithOIDC, out: { error: string; error_description?: string }): void {
  context.type = 'html';
  context.body = messagePage(LOOK, `Refused: ${out.error_description ?? out.error} (${out.error}).`);
}

async function page(provider: Provider, uid: string, params: Record<string, unknown>, fault?: string): Promise<string> {
  const client = await provider.Client.find(String(params.client_id));
  return loginPage({
    ...LOOK,
    client: client?.clientName ?? String(params.client_id),
    wishes: ['know who you are', 'see your name and e-mail address'],
    action: `/interaction/${uid}`,
    fault,
  });
}

/** An API that takes access tokens wherever RFC 6750 §2 lets them be, and those that are bound to a key with its proof alone. */
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

/** What `oidc-provider` takes too. */
const DPOP_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'];

/** Thumbprint of the key that signed the proof of this very request, with this very token (RFC 9449 §4.3), if it is good. */
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
