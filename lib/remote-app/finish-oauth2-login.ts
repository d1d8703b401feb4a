import { isTenantTemplate } from '../config/tenant-issuer.js';
import { MismatchingStateError } from '../errors/oauth.errors.js';
import {
  AUTHORIZATION_RESPONSE,
  checkIssuer,
  claimedState,
  readAuthorizationResponse,
  readGrant,
} from '../oauth2/authorization/authorization-response.js';
import { checkCallbackSignature } from '../oauth2/authorization/callback-signature.js';
import { authorizationCodeRequest } from '../oauth2/grants/authorization-code.js';
import { authorizationError } from '../oauth2/provider/provider-error.js';
import type { ServerMetadata } from '../oauth2/provider/server-metadata.js';
import { withCallbackFields } from '../token/callback-fields.js';
import type { OAuth2Token } from '../token/token.js';
import type { AppParts } from './app-parts.js';
import { callbackFields, callbackParameters } from './callback-request.js';
import { keptParameters } from './kept-parameters.js';
import type { LoginCallback, LoginResult } from './login.js';
import { oauth2UserInfoOfLogin } from './oauth2-user-info.js';

/** Completes a login: checks the callback (RFC 6749 §4.1.2), fetches the token (§4.1.3), and reads the user's claims. */
export async function finishOAuth2Login(
  metadata: ServerMetadata,
  parts: AppParts,
  { request, response, params }: LoginCallback,
): Promise<LoginResult<OAuth2Token>> {
  parts.requireUserLogin();
  const received = callbackParameters(request, AUTHORIZATION_RESPONSE);
  const provider = await metadata.load();
  const state = await claimedState(provider, received);
  if (!state && !received.response) throw new MismatchingStateError('missing_state');
  const { checks, redirectUri, returnTo = '/', secrets } = await parts.pending.take('login', request, response, state);
  const answer = await readAuthorizationResponse(provider, received, state);
  checkIssuer(provider, answer);
  if (answer.error) throw authorizationError(answer);
  checkCallbackSignature(provider, callbackFields(request));
  const grant = await readGrant(provider, { ...checks, state }, answer, request.method);
  const source = answer.response ? answer : callbackFields(request);
  const callback = keptParameters(source, provider.config.callbackParameters);
  const repeated = keptParameters(source, provider.config.tokenRequest?.callbackParameters ?? []);
  const { token: answered, claims } = await authorizationCodeRequest(provider, {
    ...checks,
    ...secrets,
    ...grant,
    redirectUri,
    params: { ...repeated, ...params },
  });
  const token = withCallbackFields(answered, callback);
  const userInfo = await oauth2UserInfoOfLogin(provider, parts, { token, claims, callback });
  const tenant = isTenantTemplate(provider.server.issuer) && claims && { issuer: claims.iss };
  const account = userInfo && { client: provider.config.name, subject: userInfo.sub, ...tenant };
  return { token, returnTo, userInfo, account, callback };
}
