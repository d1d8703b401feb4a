import { withoutQuery } from '../http/query.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { logEvent } from '../common/log.js';
import type { AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
import { requireParams } from '../oauth2/authorization/read-params.js';
import type { OAuthResponse } from '../state/oauth-response.js';
import type { AppParts } from './app-parts.js';
import { asPartOf } from './boundary.js';
import type { AuthorizationRequest, AuthorizeData, LoginParams, RedirectResponse } from './login.js';
import { requireNavigation } from './navigation.js';
import { dependsOnRequest, refuseRelativeUri } from './redirect-uri.js';
import { checkReturnTo } from './return-to.js';

interface NewLogin {
  request: OAuthRequest;
  response: OAuthResponse;
  redirectUri?: string;
  params: LoginParams;
}

/** The steps of a login that depend on the protocol, or that a custom app class may override. */
interface Steps {
  createAuthorizationUrl(redirectUri?: string, params?: AuthorizationParams): Promise<AuthorizationRequest>;
  saveAuthorizeData(request: OAuthRequest, response: OAuthResponse, data: AuthorizeData): Promise<void>;
  pushesOrSignsRequest(): Promise<boolean>;
}

/** Starts a login, and returns the redirect to the provider. */
export async function beginLogin(
  app: Steps,
  parts: AppParts,
  { request, response, redirectUri, params: loginParams }: NewLogin,
): Promise<RedirectResponse> {
  parts.requireUserLogin();
  const { returnTo, ...params } = requireParams(loginParams, 'login');
  requireNavigation(request);
  const returnPath = checkReturnTo(returnTo);
  const callback = redirectUri && (await parts.absoluteUri(redirectUri, request));
  if (redirectUri && dependsOnRequest(redirectUri, parts.context) && (await app.pushesOrSignsRequest())) {
    refuseRelativeUri();
  }
  const operation = { name: parts.config.name, step: 'begin' };
  const { url, ...data } = await asPartOf(operation, () => app.createAuthorizationUrl(callback, params));
  const saved = { redirectUri: callback, ...data, returnTo: returnPath };
  await asPartOf(operation, () => app.saveAuthorizeData(request, response, saved));
  logEvent('debug', 'login begun', { client: operation.name, redirect_uri: callback && withoutQuery(callback) });
  return { url, statusCode: 302 };
}
