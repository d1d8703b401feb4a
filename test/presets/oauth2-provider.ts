import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type {
  ApiRequestSettings,
  AuthorizationRequestSettings,
  CodeRequestSettings,
  LongLivedTokenRequestSettings,
  OAuth2ClientSettings,
  OAuth2Kwargs,
  ProfileSettings,
  TokenRequestSettings,
  TokenResponseSettings,
} from 'nestjs-oauth-client/protocol';
import type { Received, Reply } from './internet.js';
import { OpenIdProvider } from './openid-provider.js';
import { checkProfileRequest, type Caller } from './profile-request.js';
import { signedForShopify } from './shopify-callback.js';
import { checkHeaders, renamed, tokenAnswer, tokenParameters, type Value } from './wire.js';

/** The settings of a preset for OAuth 2, with the values of its variables. */
export type OAuth2Preset = Omit<OAuth2ClientSettings, keyof Nested> & Nested;
interface Nested {
  clientKwargs?: OAuth2Kwargs;
  profile?: ProfileSettings;
  authorizationRequest?: AuthorizationRequestSettings;
  tokenRequest?: CodeRequestSettings;
  longLivedTokenRequest?: LongLivedTokenRequestSettings;
  tokenResponse?: TokenResponseSettings;
  apiRequest?: ApiRequestSettings;
}

export interface Credentials {
  clientId: string;
  clientSecret: string;
  /** Checks a client secret that is signed for each request. */
  isSignedSecret?: (secret: string) => Promise<boolean>;
}

/** What the provider tells about the user. */
export interface UserAnswers {
  /** Further fields of the token response, in the provider's form if `isRawToken`. */
  token: Record<string, unknown>;
  idToken: Record<string, unknown>;
  callback: Record<string, string>;
  /** The answers to the requests of the profile, by name. */
  profile: ReadonlyMap<string, unknown>;
}

const ACCESS_TOKEN = 'the-access-token';
const LONG_LIVED_TOKEN = 'the-long-lived-token';
const CODE = 'the-code';

/** A provider that accepts exactly the requests that a preset describes. */
export class OAuth2Provider {
  readonly #settings: OAuth2Preset;
  readonly #credentials: Credentials;
  readonly #user: UserAnswers;
  readonly #openId?: OpenIdProvider;
  /** The login page's parameters, with their names in the specification. */
  #login: Record<string, string> = {};

  constructor(settings: OAuth2Preset, credentials: Credentials, user: UserAnswers) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#user = user;
    const { issuer, serverMetadataUrl } = settings;
    if (issuer === undefined && serverMetadataUrl === undefined) return;
    this.#openId = new OpenIdProvider({
      ...credentials,
      issuer: issuer ?? String(serverMetadataUrl).replace(/\/\.well-known\/.*|\/[\w-]+\.php$/, ''),
      metadataUrl: serverMetadataUrl,
      isMultiTenant: settings.allowAnyTenant,
      signsWithSecret: settings.allowSecretSignedIdToken,
      omitsNonce: settings.allowMissingNonce,
    });
  }

  /** Checks the redirect to the login page, and returns the parameters of the callback. */
  authorize(location: URL, redirectUri: string): { method: 'GET' | 'POST'; parameters: Record<string, string> } {
    const {
      authorizeUrl = this.#openId?.endpoints.authorize,
      authorizeParams = {},
      registeredRedirectUri,
    } = this.#settings;
    const { authorizationRequest: wire = {}, clientKwargs: kwargs = {}, callbackSignature } = this.#settings;
    assert.equal(location.origin + location.pathname, new URL(String(authorizeUrl)).href);
    assert.equal(location.hash, wire.fragment ?? '');
    const sent = Object.fromEntries(location.searchParams);
    const { state = '', code_challenge: challenge = '', nonce } = sent;
    assert.ok(state.length > 20, 'a random state');
    const sentRedirectUri =
      registeredRedirectUri ?? (wire.stateInRedirectUri ? `${redirectUri}?state=${state}` : redirectUri);
    this.#login = {
      response_type: 'code',
      client_id: this.#credentials.clientId,
      redirect_uri: sentRedirectUri,
      state,
      ...(this.#usesPkce && { code_challenge: challenge, code_challenge_method: 'S256' }),
      ...(nonce !== undefined && { nonce }),
      ...(kwargs.scope !== undefined && {
        scope: String(kwargs.scope)
          .split(' ')
          .join(kwargs.scopeSeparator ?? ' '),
      }),
      ...(authorizeParams as Record<string, string>),
    };
    assert.deepEqual(sent, renamed(this.#login, wire.parameterNames));
    assert.equal(
      nonce !== undefined,
      String(kwargs.scope).split(' ').includes('openid'),
      'a nonce with the scope openid',
    );
    const callback = { code: CODE, state, ...this.#user.callback };
    return {
      method: authorizeParams.response_mode === 'form_post' ? 'POST' : 'GET',
      parameters:
        callbackSignature === 'shopify'
          ? signedForShopify(callback, location.host, this.#credentials.clientSecret)
          : callback,
    };
  }

  async answer(request: Received): Promise<Reply | undefined> {
    const { accessTokenUrl = this.#openId?.endpoints.token, longLivedTokenRequest, profile = {} } = this.#settings;
    const metadata = this.#openId?.answer(request);
    if (metadata) return metadata;
    if (request.url === accessTokenUrl) return this.#token(request);
    if (request.url === longLivedTokenRequest?.url) return this.#longLivedToken(request);
    if (request.url === this.#openId?.endpoints.userinfo) {
      assert.equal(request.headers.authorization, `Bearer ${ACCESS_TOKEN}`);
      return { body: this.#user.profile.get('userinfo') };
    }
    return checkProfileRequest(request, profile, this.#caller(), this.#user.profile);
  }

  async #token(request: Received): Promise<Reply> {
    const { tokenRequest: wire = {}, tokenResponse, accessTokenParams = {} } = this.#settings;
    const sent = tokenParameters(request, wire);
    const { redirect_uri: redirectUri, nonce, state = '' } = this.#login;
    const verifier = sent.code_verifier as string | undefined;
    if (this.#usesPkce) assert.equal(sha256(verifier ?? ''), this.#login.code_challenge);
    else assert.equal(verifier, undefined);
    const callback: Record<string, string> = { state, ...this.#user.callback };
    const kept = (wire.callbackParameters ?? []).map((name) => [name, callback[name]]);
    const expected = {
      grant_type: 'authorization_code',
      code: CODE,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...accessTokenParams,
      ...(Object.fromEntries(kept) as object),
    };
    await this.#checkClient(request, sent, expected);
    const { acr_values: acr } = this.#login;
    const claims = { ...(acr !== undefined && { acr }), ...this.#user.idToken };
    const idToken = await this.#openId?.idToken(claims, nonce, ACCESS_TOKEN);
    const fields = { access_token: ACCESS_TOKEN, token_type: 'bearer', expires_in: 3600, ...this.#user.token };
    return { body: tokenAnswer({ ...fields, ...(idToken && { id_token: idToken }) }, tokenResponse) };
  }

  async #longLivedToken(request: Received): Promise<Reply> {
    const { longLivedTokenRequest: wire, tokenResponse } = this.#settings;
    const sent = tokenParameters(request, wire ?? {});
    await this.#checkClient(request, sent, { grant_type: wire?.grantType, access_token: ACCESS_TOKEN }, wire);
    return {
      body: tokenAnswer({ access_token: LONG_LIVED_TOKEN, token_type: 'bearer', expires_in: 5_184_000 }, tokenResponse),
    };
  }

  /** Checks the parameters of a token request, and how the client authenticates. */
  async #checkClient(
    request: Received,
    sent: Record<string, unknown>,
    parameters: Record<string, Value>,
    wire: TokenRequestSettings = this.#settings.tokenRequest ?? {},
  ): Promise<void> {
    const { clientKwargs: { tokenEndpointAuthMethod: method = 'client_secret_basic' } = {} } = this.#settings;
    const { clientId, clientSecret, isSignedSecret } = this.#credentials;
    const { authorization = '' } = request.headers;
    const secret = isSignedSecret ? String(sent.client_secret) : clientSecret;
    if (isSignedSecret) assert.ok(await isSignedSecret(secret), 'a signed client secret');
    if (method === 'client_secret_basic') {
      assert.equal(authorization, `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`);
      assert.deepEqual(sent, renamed(parameters, wire.parameterNames));
    } else {
      assert.equal(authorization, '');
      const credentials = { client_id: clientId, ...(method !== 'none' && { client_secret: secret }) };
      assert.deepEqual(sent, renamed({ ...parameters, ...credentials }, wire.parameterNames));
    }
    checkHeaders(request, wire.headers, { client_id: clientId, client_secret: clientSecret });
  }

  get #usesPkce(): boolean {
    const { codeChallengeMethod, clientKwargs = {} } = this.#settings;
    return (codeChallengeMethod ?? clientKwargs.codeChallengeMethod) !== 'none';
  }

  #caller(): Caller {
    const { clientKwargs = {}, apiRequest = {}, longLivedTokenRequest } = this.#settings;
    const accessToken = longLivedTokenRequest ? LONG_LIVED_TOKEN : ACCESS_TOKEN;
    return { ...this.#credentials, accessToken, placement: clientKwargs.tokenPlacement ?? 'header', apiRequest };
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
