import assert from 'node:assert/strict';
import type { OAuth2App, OAuth2Token, RemoteApp } from 'nestjs-oauth-client';
import type { OAuth2Kwargs } from 'nestjs-oauth-client/protocol';
import type { Fixture } from './fixtures.js';
import type { Received, Reply } from './internet.js';
import { OpenIdProvider } from './openid-provider.js';
import { signedForShopify } from './shopify-callback.js';
import { CLIENT_ID, CLIENT_SECRET, type PresetApp, type PresetProvider } from './preset-logins.js';

/** Parameters with random values. */
const RANDOM =
  /^(state|nonce|code_challenge|code_verifier|oauth_nonce|oauth_timestamp|oauth_signature|hmac|timestamp)$/;
/** Headers that every request has. */
const USUAL = /^(accept|accept-encoding|connection|content-length|content-type|host|user-agent)$/;

/** Claims that the test provider adds to every id_token. */
const ID_TOKEN = /^(iss|aud|iat|exp|at_hash)$/;

/** A provider that answers with a fixture, and records the requests. */
class RecordingProvider implements PresetProvider {
  readonly requests: string[] = [];
  readonly #fixture: Fixture;
  readonly #openId?: OpenIdProvider;
  readonly #isShopify: boolean;
  #nonce?: string;

  constructor(settings: Record<string, unknown>, fixture: Fixture) {
    this.#fixture = fixture;
    this.#isShopify = settings.callbackSignature === 'shopify';
    const { issuer, serverMetadataUrl } = settings;
    if (typeof issuer !== 'string' && typeof serverMetadataUrl !== 'string') return;
    this.#openId = new OpenIdProvider({
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      issuer: String(issuer),
      metadataUrl: serverMetadataUrl as string | undefined,
      isMultiTenant: settings.allowAnyTenant === true,
      signsWithSecret: settings.allowSecretSignedIdToken === true,
      omitsNonce: settings.allowMissingNonce === true,
    });
  }

  authorize(location: URL): ReturnType<PresetProvider['authorize']> {
    const { searchParams: sent } = location;
    this.#record('GET', location.origin + location.pathname, sent, '', {}, location.hash);
    this.#nonce = sent.get('nonce') ?? undefined;
    const [state, token] = [stateOf(sent), sent.get('oauth_token')];
    const answer: Record<string, string> = token
      ? { oauth_token: token, oauth_verifier: 'the-verifier' }
      : { code: 'the-code', state };
    const callback = { ...answer, ...this.#fixture.callback };
    const method = sent.get('response_mode') === 'form_post' ? 'POST' : 'GET';
    return {
      method,
      parameters: this.#isShopify ? signedForShopify(callback, location.host, CLIENT_SECRET) : callback,
    };
  }

  async answer(request: Received): Promise<Reply | undefined> {
    const metadata = this.#openId?.answer(request);
    if (metadata) return metadata;
    const { method, url, query, body, headers } = request;
    this.#record(method, url, query, body, headers);
    const { answers = {}, tokenFormat } = this.#fixture;
    const known = answers[`${method} ${url}`];
    if (known !== undefined) return { body: known };
    if (url === this.#openId?.endpoints.userinfo) return { body: answers['GET userinfo'] };
    if (url.endsWith('/the-api-call')) return { body: {} };
    if (headers.authorization?.startsWith('OAuth ') === true) return this.#oauth1Answer(headers.authorization);
    const token = await this.#withIdToken();
    return tokenFormat === 'form' ? form(token) : { body: token };
  }

  #oauth1Answer(authorization: string): Reply {
    if (authorization.includes('oauth_token=')) return form(this.#fixture.token);
    return form({ oauth_token: 'the-request-token', oauth_token_secret: 's', oauth_callback_confirmed: 'true' });
  }

  async #withIdToken(): Promise<Record<string, unknown>> {
    const { token, idToken } = this.#fixture;
    if (!this.#openId || !idToken) return token;
    return { ...token, id_token: await this.#openId.idToken(idToken, this.#nonce, String(token.access_token)) };
  }

  #record(
    method: string,
    url: string,
    query: URLSearchParams,
    body: string,
    headers: Received['headers'],
    end = '',
  ): void {
    const special = Object.entries(headers).filter(([name]) => !USUAL.test(name));
    const shown = special.map(([name, value]) => ` ${name}: ${readable(headerText(name, String(value)))}`);
    const search = query.size > 0 ? `?${parameters(query)}` : '';
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    const sent = body === '' ? '' : ` ${isForm ? parameters(new URLSearchParams(body)) : readable(body)}`;
    this.requests.push(`${method} ${url}${search}${end}${sent}${shown.join('')}`);
  }
}

/** What a login gave, as in a fixture. */
export type RecordedLogin = Required<Pick<Fixture, 'userInfo' | 'requests' | 'kept' | 'isCallbackSigned'>> & {
  others: Pick<Fixture, 'userInfo'>[];
};

/** Returns what the fixture expects. */
export function expectedLogin({
  userInfo,
  requests,
  kept = {},
  isCallbackSigned = false,
  others = [],
}: Fixture): RecordedLogin {
  return { userInfo, requests, kept, isCallbackSigned, others: others.map((other) => ({ userInfo: other.userInfo })) };
}

/** Signs in, calls the API, refreshes the token and revokes it. Then signs the other users in. */
export async function recordLogin(
  app: PresetApp,
  name: string,
  settings: Record<string, unknown>,
  fixture: Fixture,
): Promise<RecordedLogin> {
  const provider = new RecordingProvider(settings, fixture);
  const { userInfo, token } = await signIn(app, name, provider);
  const client = app.registry.get<OAuth2App>(name);
  if (settings.apiBaseUrl !== undefined) await callApi(client, settings, token);
  if (token.refreshToken !== undefined) await client.fetchAccessToken({ grantType: 'refresh_token', token });
  if (settings.revocationEndpoint !== undefined) await client.revokeToken({ token });
  if (settings.deviceAuthorizationEndpoint !== undefined) {
    await client.deviceAuthorization().catch(() => undefined); // the answer is not that of a device endpoint
  }
  if (settings.requestTokenUrl === undefined) await recordTwoScopes(client, provider);
  const others: Pick<Fixture, 'userInfo'>[] = [];
  for (const other of fixture.others ?? []) {
    others.push({
      userInfo: (await signIn(app, name, new RecordingProvider(settings, { ...fixture, ...other }))).userInfo,
    });
  }
  const kept = Object.keys(fixture.kept ?? {}).map((field) => [field, token[field]]);
  return {
    userInfo,
    requests: provider.requests.map((request) => withoutTokens(request, fixture)),
    kept: Object.fromEntries(kept) as Record<string, string>,
    isCallbackSigned: await isForgeryRefused(app, name, settings, fixture),
    others,
  };
}

/** Signs in. Returns the claims without those that the test provider adds to every id_token, and without `raw`, which must be there. */
async function signIn(app: PresetApp, name: string, provider: PresetProvider) {
  const { userInfo, token } = (await app.signIn(name, provider)) as { userInfo?: object; token: OAuth2Token };
  if (!userInfo) return { userInfo: null, token };
  const { raw, ...claims } = userInfo as Record<string, unknown>;
  assert.equal(typeof raw, 'object', 'raw');
  const own = Object.entries(claims).filter(([claim]) => !ID_TOKEN.test(claim));
  return { userInfo: Object.fromEntries(own), token };
}

/** Records how two scopes are sent. */
async function recordTwoScopes(client: OAuth2App, provider: RecordingProvider): Promise<void> {
  const { url } = await client.createAuthorizationUrl('https://app.example/callback', { scope: ['one', 'two'] });
  const [name, value] = [...new URL(url).searchParams].find(([, text]) => text.startsWith('one')) ?? [];
  provider.requests.push(`two scopes: ${name}=${value}`);
}

/** Returns whether a callback with a wrong signature is refused. A provider without signatures is not tried. */
async function isForgeryRefused(
  app: PresetApp,
  name: string,
  settings: Record<string, unknown>,
  fixture: Fixture,
): Promise<boolean> {
  if (!fixture.isCallbackSigned) return false;
  const provider = new RecordingProvider(settings, fixture);
  const forging: PresetProvider = {
    authorize: (location) => {
      const { method, parameters } = provider.authorize(location);
      return { method, parameters: { ...parameters, hmac: '0'.repeat(64) } };
    },
    answer: (request) => provider.answer(request),
  };
  return app.signIn(name, forging).then(
    () => false,
    () => true,
  );
}

/** Returns the state, which may be in the redirect URI only. */
function stateOf(sent: URLSearchParams): string {
  const redirectUri = [...sent].find(([name]) => name.startsWith('redirect'))?.[1] ?? '';
  return sent.get('state') ?? (URL.canParse(redirectUri) ? (new URL(redirectUri).searchParams.get('state') ?? '') : '');
}

function parameters(sent: URLSearchParams): string {
  return [...sent].map(([name, value]) => `${name}=${RANDOM.test(name) ? `<${name}>` : readable(value)}`).join('&');
}

/** Shows Basic credentials in clear, and of an OAuth 1 header only the scheme. */
function headerText(name: string, value: string): string {
  const [, basic] = /^Basic (.+)$/.exec(value) ?? [];
  if (basic !== undefined) return `Basic ${Buffer.from(basic, 'base64').toString()}`;
  return name === 'authorization' && value.startsWith('OAuth oauth_') ? 'OAuth <signature>' : value;
}

function readable(text: string): string {
  return text
    .replaceAll(CLIENT_ID, '<client_id>')
    .replaceAll(CLIENT_SECRET, '<client_secret>')
    .replace(/http:\/\/127\.0\.0\.1:\d+/, '<site>')
    .replace(/\?state=[\w-]+/, '?state=<state>')
    .replace(/"code_verifier":"[^"]+"/, '"code_verifier":"<code_verifier>"')
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>');
}

function form(fields: Record<string, unknown>): Reply {
  const type = 'application/x-www-form-urlencoded';
  return { type, body: new URLSearchParams(fields as Record<string, string>).toString() };
}

/** Calls the API with GET, or with a form if the token is sent in the body. */
async function callApi(
  client: RemoteApp,
  { clientKwargs }: Record<string, unknown>,
  token: OAuth2Token,
): Promise<void> {
  const { tokenPlacement } = (clientKwargs ?? {}) as OAuth2Kwargs;
  if (tokenPlacement === 'body') await client.post('the-api-call', new URLSearchParams({ v: '1' }), { token });
  else await client.get('the-api-call', { token });
}

/** Replaces the tokens of a fixture by their names. */
function withoutTokens(request: string, { token, answers = {} }: Fixture): string {
  const values = [token, ...Object.values(answers)].flatMap((answer) => {
    const fields = Object.entries(Object(answer) as Record<string, unknown>);
    return fields.filter(([name, value]) => /^(access_token|refresh_token)$/.test(name) && typeof value === 'string');
  }) as [string, string][];
  return values.reduce((text, [name, value]) => text.replaceAll(value, `<${name}>`), request);
}
