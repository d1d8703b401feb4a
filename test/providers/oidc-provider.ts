import { generateKeyPairSync, randomBytes } from 'node:crypto';
import express, { type Request } from 'express';
import { interactionPolicy, Provider, type ClientMetadata, type Configuration } from 'oidc-provider';
import { listen } from './listen.js';
import { loginPage } from './login-page.js';
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
}

export interface OidcProvider {
  /** The issuer too. */
  url: string;
  provider: Provider;
  close(): Promise<void>;
}

const LOOK = { provider: 'Harbour ID', colour: '#3d5a45' };
/** Everything that a client may be given; nobody is asked twice. */
const SCOPES = 'openid profile email offline_access';

/** A certified OpenID Connect provider, `oidc-provider`, with a login page and an API of its own. */
export async function startOidcProvider(options: OidcProviderOptions): Promise<OidcProvider> {
  const app = express();
  const { port, close } = await listen(app, options.port);
  const url = `http://localhost:${port}`;
  const provider = new Provider(url, configuration(options));
  app.use(interactions(provider), api(provider), provider.callback());
  return { url, provider, close };
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
    rotateRefreshToken: true,
    scopes: SCOPES.split(' '),
    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
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
    if (user) await provider.interactionFinished(request, response, { login: { accountId: user.id }, consent: {} });
    else response.status(401).send(await page(provider, uid, params, 'No such user, or another password.'));
  });
  return router;
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

/** An API that takes access tokens wherever RFC 6750 §2 lets them be. */
function api(provider: Provider): express.Router {
  const router = express.Router();
  router.all('/api/me', express.urlencoded(), async (request, response) => {
    const token = await provider.AccessToken.find(bearerToken(request) ?? '');
    const user = USERS.find(({ id }) => id === token?.accountId);
    if (user) response.json({ sub: user.id, name: user.name, email: user.email });
    else response.status(401).set('WWW-Authenticate', 'Bearer error="invalid_token"').json({ error: 'invalid_token' });
  });
  return router;
}

function bearerToken({ headers, query, body }: Request): string | undefined {
  const [, inHeader] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  const inForm = (body as { access_token?: string } | undefined)?.access_token;
  return inHeader ?? inForm ?? (query.access_token as string | undefined);
}
