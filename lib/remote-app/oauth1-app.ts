import type { OAuth1ClientConfig } from '../config/client-config.js';
import type { RequestParameters } from '../config/client-settings.js';
import type { ProtectedRequest } from '../http/messages.js';
import { tokenBindingOf } from '../config/token-binding.js';
import { FORM_CONTENT_TYPE } from '../common/media-type.js';
import type { ApiCredentials } from '../http/api-request.js';
import { withQuery } from '../http/query.js';
import { serverAttributes, traced } from '../observability/telemetry.js';
import { MissingRequestTokenError, OAuthConfigError, OAuthError } from '../errors/oauth.errors.js';
import { callbackRefusal } from '../oauth1/callback-refusal.js';
import { encodeForm } from '../common/percent-encode.js';
import { signRequest, type OAuth1Credentials } from '../oauth1/sign-request.js';
import { readOAuth1Params } from '../oauth2/authorization/read-params.js';
import {
  answerParameters,
  confirmsCallback,
  parseTokenAnswer,
  type OAuth1TokenAnswer,
} from '../oauth1/token-answer.js';
import type { UserInfo } from '../oauth2/openid/user-info.js';
import type { ProfileInput } from '../profile/profile-context.js';
import { profileOfLogin, readProfile } from '../profile/read-profile.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import { withCallbackFields } from '../token/callback-fields.js';
import { readOAuth1TokenResponse } from '../token/token-response.js';
import { readOAuth1Token, type OAuth1Token, type StoredOAuth1Token } from '../token/token.js';
import type { TokenSource } from './api-options.js';
import { asPartOf } from './boundary.js';
import { callbackFields, callbackParameters } from './callback-request.js';
import { keptParameters } from './kept-parameters.js';
import type { AuthorizationRequest, LoginCallback, LoginResult } from './login.js';
import { oauth1Credentials } from './oauth1-credentials.js';
import { profileInput } from './profile-input.js';
import type { RemoteAppContext } from './remote-app-context.js';
import { RemoteApp } from './remote-app.js';
import { signableBody } from './signable-body.js';
import { missingToken } from './token-slots.js';
import { readTokenSource } from './token-source.js';
import { unconfirmedCallback } from './unconfirmed-callback.js';

/** Parameters of an OAuth 1 callback (RFC 5849 §2.2), and the two parameters with which providers report a refusal. */
const CALLBACK = ['oauth_token', 'oauth_verifier', 'denied', 'oauth_problem'] as const;

/** The compliance hooks that receive the responses of the endpoints for tokens. */
const TOKEN_HOOKS = {
  'request token': 'request_token_response',
  'access token': 'access_token_response',
} as const;

/** The parameters of an access token request (RFC 5849 §2.3). */
export interface OAuth1Exchange {
  /** The request token, with its secret. */
  requestToken?: StoredOAuth1Token;
  /** The `oauth_verifier` of the callback. */
  verifier?: string;
  /** Additional request parameters, by their wire names. */
  params?: RequestParameters;
}

/** A client of an OAuth 1.0a provider (RFC 5849). */
export class OAuth1App extends RemoteApp<OAuth1Token> {
  readonly #config: OAuth1ClientConfig;

  /** @internal The registry creates the instances. */
  constructor(config: OAuth1ClientConfig, context: RemoteAppContext) {
    super(config, context);
    this.#config = config;
  }

  /**
   * Fetches a request token (RFC 5849 §2.1), and returns the URL at which the user authorizes it (§2.2).
   * @param redirectUri an absolute URI; `oob` by default, with which the provider shows the verifier to the user
   * @param params additional parameters of the URL. OAuth 2 parameters and names that begin with `oauth_` are omitted
   * @throws {OAuthError} `invalid_login_parameter` when a parameter has the wrong type or is too long
   */
  override async createAuthorizationUrl(
    redirectUri = 'oob',
    params: Record<string, unknown> = {},
  ): Promise<AuthorizationRequest> {
    return this.guarded(() => this.#requestAuthorization(redirectUri, params), 'authorization_url');
  }

  async #requestAuthorization(redirectUri: string, params: Record<string, unknown>): Promise<AuthorizationRequest> {
    const { requestTokenUrl, requestTokenParams, authorizeUrl, authorizeParams, allowSessionFixation } = this.#config;
    const extras = readOAuth1Params(params);
    const credentials = { callback: redirectUri };
    const answer = await this.#requestToken('request token', requestTokenUrl, credentials, requestTokenParams);
    const isConfirmed = confirmsCallback(answer);
    if (isConfirmed === false || (isConfirmed === undefined && !allowSessionFixation)) {
      throw unconfirmedCallback(this.name, isConfirmed);
    }
    const url = withQuery(authorizeUrl, {
      ...authorizeParams,
      ...extras,
      // an OAuth 1.0 provider receives the callback here (OAuth Core 1.0 §6.2.1); otherwise it asks the user for a URL
      ...(!isConfirmed && redirectUri !== 'oob' && { oauth_callback: redirectUri }),
      oauth_token: answer.oauth_token,
    });
    return { url, state: answer.oauth_token, requestToken: readOAuth1TokenResponse(answer) };
  }

  /** @internal Completes a login (RFC 5849 §2.2 and §2.3). The request token is the state. */
  protected override async finishLogin(login: LoginCallback): Promise<LoginResult<OAuth1Token>> {
    const { request, response, params } = login;
    const received = callbackParameters(request, CALLBACK);
    const { oauth_token: granted, oauth_verifier: verifier, denied } = received;
    const oauthToken = denied ?? granted;
    if (!oauthToken) {
      throw new OAuthError('invalid_request', {
        description: 'the callback has no "oauth_token" parameter; expected one (RFC 5849 §2.2). Start the login again',
      });
    }
    const { secrets, returnTo = '/' } = await this.parts.pending.take('login', request, response, oauthToken);
    const refusal = callbackRefusal(received);
    if (refusal) throw refusal;
    const callback = keptParameters(callbackFields(request), this.#config.callbackParameters);
    const requestToken = { oauthToken, oauthTokenSecret: secrets?.requestTokenSecret ?? '' };
    const operation = { name: this.name, step: 'complete' };
    const answered = await asPartOf(operation, () => this.fetchAccessToken({ requestToken, verifier, params }));
    const token = withCallbackFields(answered, callback);
    const { profile, name: client } = this.#config;
    const userInfo = profile && (await profileOfLogin(profile, this.#profileInput(token, callback)));
    const account = userInfo && { client, subject: userInfo.sub };
    return { token, returnTo, userInfo, account, callback };
  }

  /**
   * Exchanges an authorized request token for an access token (RFC 5849 §2.3).
   * @throws {MissingRequestTokenError} when the request token is missing
   * @throws {OAuthError} `missing_verifier` when the verifier is missing and `allowSessionFixation` is not set, or the
   * provider's `oauth_problem`
   */
  async fetchAccessToken(exchange: OAuth1Exchange): Promise<OAuth1Token> {
    return this.guarded(() => this.#exchange(exchange), 'token_request');
  }

  async #exchange({ requestToken, verifier, params }: OAuth1Exchange): Promise<OAuth1Token> {
    if (!requestToken) throw new MissingRequestTokenError();
    const { accessTokenUrl, accessTokenParams, allowSessionFixation } = this.#config;
    if (!verifier && !allowSessionFixation) {
      throw new OAuthError('missing_verifier', {
        description:
          'the callback has no "oauth_verifier" parameter; expected one (RFC 5849 §2.2). An OAuth 1.0 provider does not send it: ' +
          'see allow_session_fixation in the documentation of OAuth 1',
      });
    }
    const { oauthToken: token, oauthTokenSecret: tokenSecret } = readOAuth1Token(requestToken);
    const credentials = { token, tokenSecret, verifier };
    const parameters = { ...accessTokenParams, ...params };
    const answer = await this.#requestToken('access token', accessTokenUrl, credentials, parameters);
    return { ...readOAuth1TokenResponse(answer), ...tokenBindingOf(this.#config) };
  }

  /**
   * Returns the user info that the client's `profile` describes.
   * @param source the source of the token, as in API calls: `{ token }`, `{ request }` or `{ user }`
   * @throws {ProfileError} when the profile cannot be read
   * @throws {OAuthConfigError} when the client has no `profile`
   */
  async userinfo(source: TokenSource): Promise<UserInfo> {
    return this.guarded(async () => {
      const { profile } = this.#config;
      const token = await this.usableToken(await this.parts.slots.find(readTokenSource(source, 'userinfo')));
      const userInfo = profile && (await readProfile(profile, this.#profileInput(token)));
      if (!userInfo) throw new OAuthConfigError([`${this.name}.profile: missing; userinfo() of OAuth 1 needs it`]);
      return userInfo;
    }, 'userinfo');
  }

  #profileInput(token: OAuth1Token, callback: Readonly<Record<string, string>> = {}): ProfileInput {
    return profileInput(this.parts, { token, callback, credentials: () => this.credentialsOf(token) });
  }

  /** @internal */
  protected override async usableToken(slot: TokenSlot): Promise<OAuth1Token> {
    const stored = await slot.read();
    if (!stored) throw missingToken(this.name);
    return readOAuth1Token(stored.token);
  }

  /** @internal */
  protected override credentialsOf(token: OAuth1Token): ApiCredentials {
    return { authorize: (request) => this.#sign(request, token) };
  }

  /** @internal Signs with the client's credentials only. */
  protected override get clientCredentials(): ApiCredentials {
    return { authorize: (request) => this.#sign(request) };
  }

  async #sign(request: ProtectedRequest, token?: OAuth1Token): Promise<ProtectedRequest> {
    const { compliance, forceIncludeBody } = this.#config;
    const { method, url, headers, data } = await compliance.run('protected_request', request);
    const body = await signableBody(data, headers['content-type'], forceIncludeBody);
    const credentials = oauth1Credentials(this.#config, {
      token: token?.oauthToken,
      tokenSecret: token?.oauthTokenSecret,
    });
    // the signature cannot be added to a body that was not read
    if (body.isOpaque && credentials.signatureType === 'BODY') credentials.signatureType = 'HEADER';
    const signed = signRequest({ method, url, ...body }, credentials);
    return {
      method,
      url: signed.url,
      headers: { ...headers, ...signedHeaders(signed) },
      data: signed.body ?? data,
    };
  }

  async #requestToken(
    kind: keyof typeof TOKEN_HOOKS,
    url: string,
    credentials: Partial<OAuth1Credentials>,
    parameters: RequestParameters,
  ): Promise<OAuth1TokenAnswer> {
    const form = encodeForm(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
    const request = { method: 'POST', url, contentType: FORM_CONTENT_TYPE, body: form };
    const signed = signRequest(request, oauth1Credentials(this.#config, credentials));
    const attributes = () => ({ 'oauth.client.name': this.name, ...serverAttributes(new URL(url)) });
    return traced('oauth.token_request', attributes, async () => {
      const { token = '', tokenSecret = '', verifier = '' } = credentials;
      const sent = [token, tokenSecret, verifier, signed.authorization ?? ''];
      const { status, headers, text } = await this.parts.http.sendProtocolRequest({
        method: 'POST',
        url: signed.url,
        headers: signedHeaders(signed),
        body: String(signed.body),
      });
      try {
        const received = { status, headers, text, data: answerParameters(text) };
        const answer = await this.#config.compliance.run(TOKEN_HOOKS[kind], received);
        return parseTokenAnswer(`${kind} endpoint`, {
          status: answer.status,
          contentType: answer.headers['content-type'] ?? '',
          wwwAuthenticate: answer.headers['www-authenticate'],
          body: answer.text,
          parameters: answer.data,
        });
      } catch (error) {
        throw error instanceof OAuthError ? error.redact(sent) : error;
      }
    });
  }
}

function signedHeaders({ authorization, contentType }: ReturnType<typeof signRequest>): Record<string, string> {
  return { ...(authorization && { authorization }), ...(contentType && { 'content-type': contentType }) };
}
