// A certified OpenID Connect provider, `oidc-provider`, with one user, whom it signs in without a question.
import { once } from 'node:events';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { interactionPolicy, Provider } from 'oidc-provider';

const USER = 'ada';
const ALGORITHM = 'ES256';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = { ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: ALGORITHM };

/** Starts a provider with one client, which has one redirect URI. Returns the settings of the client, and `close()`. */
export async function startProvider(redirectUri) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const client = { client_id: 'an-id', client_secret: randomBytes(32).toString('hex') };
  const provider = new Provider(url, {
    adapter: memoryAdapter(),
    clients: [{ ...client, redirect_uris: [redirectUri], id_token_signed_response_alg: ALGORITHM }],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    enabledJWA: { idTokenSigningAlgValues: [ALGORITHM] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { policy: loginOnly(), url: (_context, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [KEY] },
    loadExistingGrant: grantOpenid,
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    if (request.url.startsWith('/interaction/')) {
      await provider.interactionFinished(request, response, { login: { accountId: USER } });
    } else if (request.url === '/user') {
      await answerUser(provider, request, response);
    } else answer(request, response);
  });
  const settings = {
    ...client,
    server_metadata_url: `${url}/.well-known/openid-configuration`,
    authorize_url: `${url}/auth`,
    access_token_url: `${url}/token`,
    api_base_url: `${url}/`,
    client_kwargs: { scope: 'openid' },
    allow_insecure_http: true,
  };
  return { settings, close: () => server.close().closeAllConnections() };
}

/** The provider's API. */
async function answerUser(provider, request, response) {
  const [, bearer = ''] = /^Bearer (.+)$/.exec(request.headers.authorization) ?? [];
  const token = await provider.AccessToken.find(bearer);
  response.writeHead(token ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(token ? { login: token.accountId } : { error: 'invalid_token' }));
}

async function grantOpenid({ oidc: { client, session, provider } }) {
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
}

function loginOnly() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

function memoryAdapter() {
  return () => {
    const stored = new Map();
    return {
      upsert: async (id, payload) => void stored.set(id, payload),
      find: async (id) => stored.get(id),
      findByUid: async (uid) => [...stored.values()].find((payload) => payload.uid === uid),
      consume: async (id) => void stored.set(id, { ...stored.get(id), consumed: Math.floor(Date.now() / 1000) }),
      destroy: async (id) => void stored.delete(id),
    };
  };
}
