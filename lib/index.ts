export type {
  ClientSettings,
  OAuth1ClientSettings,
  OAuth2ClientSettings,
  RegisterOptions,
} from './config/client-settings.js';
export type {
  ClientAuthMethod,
  ComplianceFix,
  ComplianceHook,
  ComplianceSession,
  EndpointRequest,
  ProtectedRequest,
  SignatureMethod,
  TokenEndpointResponse,
} from './config/compliance-fix.js';
export { getRemoteAppToken, InjectRemoteApp } from './nest/inject-remote-app.decorator.js';
export { OAuthCallback, OAuthReturnTo, OAuthToken, OAuthUserInfo } from './nest/oauth-callback.decorator.js';
export { OAuthCallbackGuard, type OAuthCallbackOptions } from './nest/oauth-callback.guard.js';
export { OAuthLogin } from './nest/oauth-login.decorator.js';
export {
  OAuthLoginInterceptor,
  type OAuthLoginOptions,
  type OAuthLoginParams,
} from './nest/oauth-login.interceptor.js';
export { OAuthClientModule } from './oauth-client.module.js';
export type {
  OAuthClientModuleAsyncOptions,
  OAuthClientModuleOptions,
  OAuthClientOptionsFactory,
} from './oauth-client.options.js';
export type { OAuthRequest } from './oauth-request.js';
export * from './oauth.errors.js';
export { OAuthRegistry, type ClientRegistration, type RemoteAppClass } from './oauth.registry.js';
export type { IdTokenClaims } from './oauth2/token-request.js';
export type { ApiRequestOptions } from './remote-app/api-options.js';
export type {
  AuthorizationRequest,
  AuthorizeData,
  LoginParams,
  LoginResult,
  RedirectResponse,
} from './remote-app/login.js';
export { OAuth1App } from './remote-app/oauth1-app.js';
export { OAuth2App, type TokenIntrospection } from './remote-app/oauth2-app.js';
export { RemoteApp } from './remote-app/remote-app.js';
export { regenerateSession } from './state/regenerate-session.js';
export type { FetchedToken, TokenStore, UpdateTokenContext } from './token/token-store.js';
export type { OAuth1Token, OAuth2Token, StoredOAuth1Token, StoredOAuth2Token, StoredToken } from './token/token.js';
