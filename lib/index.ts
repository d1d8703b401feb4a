export type { ComplianceFix } from './config/compliance-fix.js';
export { getRemoteAppToken, InjectRemoteApp } from './module/inject-remote-app.decorator.js';
export {
  OAuthAccount,
  OAuthCallback,
  OAuthReturnTo,
  OAuthToken,
  OAuthUserInfo,
} from './routes/oauth-callback.decorator.js';
export { OAuthLogin, type OAuthLoginParams } from './routes/oauth-login.decorator.js';
export {
  OAuthBackchannelLogout,
  OAuthFrontchannelLogout,
  OAuthLogout,
  OAuthLogoutCallback,
} from './routes/oauth-logout.decorator.js';
export { OAuthClientModule } from './oauth-client.module.js';
export type { OAuthClientModuleOptions } from './oauth-client.options.js';
export {
  InvalidTokenError,
  MismatchingStateError,
  MissingRequestTokenError,
  MissingTokenError,
  OAuthConfigError,
  OAuthError,
  OAuthErrorCode,
  ProviderError,
  TokenExpiredError,
  TokenRevokedError,
  UnsupportedTokenTypeError,
  UnusableRegistrationError,
} from './errors/oauth.errors.js';
export { ProfileError } from './profile/profile-error.js';
export { OAuthRegistry } from './oauth.registry.js';
export type { UserInfo } from './oauth2/openid/user-info.js';
export type { LoginResult, ProviderAccount } from './remote-app/login.js';
export { OAuth1App } from './remote-app/oauth1-app.js';
export { OAuth2App } from './remote-app/oauth2-app.js';
export { RemoteApp } from './remote-app/remote-app.js';
export type { ClientRegistration } from './registry/client-registration.js';
export { regenerateSession } from './state/regenerate-session.js';
export type { SimpleTokenStore } from './token/token-store.js';
export type { OAuth1Token, OAuth2Token } from './token/token.js';
