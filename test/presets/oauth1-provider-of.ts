import assert from 'node:assert/strict';
import type { OAuth1ClientSettings, OAuth1Kwargs, ProfileRequest, ProfileSettings } from 'nestjs-oauth-client/protocol';
import { readParameters } from '../providers/oauth1-parameters.js';
import { isSignatureValid } from '../providers/oauth1-signature.js';
import type { Received, Reply } from './internet.js';
import type { Credentials, UserAnswers } from './oauth2-provider.js';

/** The settings of a preset for OAuth 1, with the values of its variables. */
export type OAuth1Preset = Omit<OAuth1ClientSettings, 'clientKwargs' | 'profile'> & {
  clientKwargs?: OAuth1Kwargs;
  profile?: ProfileSettings;
};

const REQUEST_TOKEN = { oauth_token: 'the-request-token', oauth_token_secret: 'the-request-secret' };
const ACCESS_TOKEN = { oauth_token: 'the-token', oauth_token_secret: 'the-token-secret' };
const VERIFIER = 'the-verifier';

/** An OAuth 1 provider that accepts exactly the requests that a preset describes. */
export class OAuth1ProviderOf {
  readonly #settings: OAuth1Preset;
  readonly #credentials: Credentials;
  readonly #user: UserAnswers;

  constructor(settings: OAuth1Preset, credentials: Credentials, user: UserAnswers) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#user = user;
  }

  /** Checks the redirect to the login page, and returns the parameters of the callback. */
  authorize(location: URL): { method: 'GET'; parameters: Record<string, string> } {
    const { authorizeUrl, authorizeParams } = this.#settings;
    const page = new URL(String(authorizeUrl));
    assert.equal(location.origin + location.pathname, page.origin + page.pathname);
    const { oauth_token: token } = REQUEST_TOKEN;
    assert.deepEqual(Object.fromEntries(location.searchParams), {
      ...Object.fromEntries(page.searchParams),
      ...authorizeParams,
      oauth_token: token,
    });
    return { method: 'GET', parameters: { oauth_token: token, oauth_verifier: VERIFIER, ...this.#user.callback } };
  }

  answer(request: Received): Reply | undefined {
    const { requestTokenUrl, accessTokenUrl, profile = {} } = this.#settings;
    const { oauth_token: token } = REQUEST_TOKEN;
    const isFirst = !(request.headers.authorization ?? '').includes('oauth_token=');
    if (isFirst && isAt(request, requestTokenUrl)) {
      const protocol = this.#protocolOf(request, '');
      assert.match(protocol.get('oauth_callback') ?? '', /\/callback$/);
      return form({ ...REQUEST_TOKEN, oauth_callback_confirmed: 'true' });
    }
    if (isAt(request, String(accessTokenUrl))) {
      const protocol = this.#protocolOf(request, REQUEST_TOKEN.oauth_token_secret);
      assert.equal(protocol.get('oauth_token'), token);
      assert.equal(protocol.get('oauth_verifier'), VERIFIER);
      return form({ ...ACCESS_TOKEN, ...(this.#user.token as Record<string, string>) });
    }
    const found = profile.requests?.find(({ url }) => url === request.url);
    return found && this.#profileAnswer(request, found);
  }

  #profileAnswer(request: Received, { name = 'user', query = {}, headers = {} }: ProfileRequest): Reply {
    const protocol = this.#protocolOf(request, ACCESS_TOKEN.oauth_token_secret);
    assert.equal(protocol.get('oauth_token'), ACCESS_TOKEN.oauth_token);
    const expected = Object.entries(query).map(([key, value]) => [key, value.replace(/\{\w+:[^{}]+\}/g, '123')]);
    assert.deepEqual(Object.fromEntries(request.query), Object.fromEntries(expected));
    for (const [header, value] of Object.entries(headers)) assert.equal(request.headers[header.toLowerCase()], value);
    return { body: this.#user.profile.get(name) };
  }

  /** Returns the protocol parameters of a request with a valid signature. */
  #protocolOf({ method, url, query, headers, body }: Received, tokenSecret: string): Map<string, string> {
    const { clientId, clientSecret } = this.#credentials;
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    const places = { authorization: headers.authorization, url: `/?${query.toString()}`, form: isForm ? body : '' };
    const { parameters, protocol } = readParameters(places);
    const signature = protocol.get('oauth_signature') ?? '';
    const signatureMethod = this.#settings.clientKwargs?.signatureMethod ?? 'HMAC-SHA1';
    const secrets = { consumerKey: clientId, consumerSecret: clientSecret, tokenSecret };
    assert.ok(
      isSignatureValid({ method, url, parameters }, signatureMethod, signature, secrets),
      `the signature of ${url}`,
    );
    assert.equal(protocol.get('oauth_signature_method'), signatureMethod);
    return protocol;
  }
}

function form(fields: Record<string, string>): Reply {
  return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

/** Returns whether a request is for a URL, which may have a query. */
function isAt({ url, query }: Received, expected: string): boolean {
  const { origin, pathname, searchParams } = new URL(expected);
  return url === origin + pathname && searchParams.toString() === query.toString();
}
