export type { ClientSettings, OAuth1ClientSettings, OAuth2ClientSettings } from './config/client-settings.js';
export type { EndpointRequest, ProtectedRequest, TokenEndpointResponse } from './http/messages.js';
export type {
  ClientAuthMethod,
  ComplianceFix,
  ComplianceHook,
  ComplianceSession,
  SignatureMethod,
} from './config/compliance-fix.js';
export type { RegisterOptions } from './config/register-options.js';
export { getRemoteAppToken, InjectRemoteApp } from './nest/inject-remote-app.decorator.js';
export {
  OAuthAccount,
  OAuthCallback,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
} from './nest/oauth-callback.decorator.js';
export { OAuthLogin, type OAuthLoginOptions, type OAuthLoginParams } from './nest/oauth-login.decorator.js';
export {
  OAuthHealthIndicator,
  type OAuthHealth,
  type OAuthHealthOptions,
  type PartHealth,
} from './nest/oauth.health.js';
export {
  OAuthBackchannelLogout,
  OAuthFrontchannelLogout,
  OAuthLogout,
  OAuthLogoutCallback,
  type OAuthLogoutOptions,
} from './nest/oauth-logout.decorator.js';
export { OAuthClientModule } from './oauth-client.module.js';
export type {
  OAuthClientModuleAsyncOptions,
  OAuthClientModuleOptions,
  OAuthClientOptionsFactory,
} from './oauth-client.options.js';
export type { OAuthRequest } from './oauth-request.js';
export * from './oauth.errors.js';
export { OAuthRegistry, type ClientRegistration } from './oauth.registry.js';
export type { AccessTokenRequest } from './oauth2/grants/access-token-request.js';
export type {
  BackchannelAuthentication,
  BackchannelAuthenticationParams,
} from './oauth2/grants/backchannel-authentication.js';
export type { DeviceAuthorization, DeviceAuthorizationParams } from './oauth2/grants/device-authorization.js';
export type { TokenGrant } from './oauth2/grants/token-request.js';
export type { IdTokenClaims } from './oauth2/openid/id-token.js';
export type { UserInfo } from './oauth2/openid/user-info.js';
export type { ClientMetadata, RegisteredClient } from './oauth2/provider/client-registration.js';
export type { ApiRequestOptions, TokenSource } from './remote-app/api-options.js';
export type {
  AuthorizationRequest,
  AuthorizeData,
  LoginParams,
  LoginResult,
  ProviderAccount,
  RedirectResponse,
} from './remote-app/login.js';
export type { RemoteAppClass } from './remote-app/app-class.js';
export { OAuth1App } from './remote-app/oauth1-app.js';
export type { LogoutRedirectParams, LogoutResult } from './remote-app/logout.js';
export type { TokenIntrospection } from './oauth2/access-token/token-management.js';
export { OAuth2App } from './remote-app/oauth2-app.js';
export { RemoteApp } from './remote-app/remote-app.js';
export { regenerateSession } from './state/regenerate-session.js';
export type { LoginStorage } from './state/login-storage.js';
export type { OAuthResponse } from './state/oauth-response.js';
export { EncryptedTokenStore, type EncryptedTokenStoreOptions } from './token/encrypted-token-store.js';
export { tokenKey } from './token/token-key.js';
export type {
  EndedSession,
  FetchedToken,
  RevokedToken,
  SimpleTokenStore,
  TokenEvent,
  TokenEvents,
  TokenKey,
  TokenLock,
  TokenStore,
  UnsavedToken,
  UpdateTokenContext,
  VersionedToken,
} from './token/token-store.js';
export type { OAuth1Token, OAuth2Token, StoredOAuth1Token, StoredOAuth2Token, StoredToken } from './token/token.js';
