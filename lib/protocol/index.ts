export type { ClientSettings, OAuth1ClientSettings, OAuth2ClientSettings } from '../config/client-settings.js';
export type { ClientAuthMethod, ComplianceHook, ComplianceSession, SignatureMethod } from '../config/compliance-fix.js';
export type { RegisterOptions } from '../config/register-options.js';
export type { EndpointRequest, ProtectedRequest, TokenEndpointResponse } from '../http/messages.js';
export type { OAuthLoginOptions } from '../nest/oauth-login.decorator.js';
export type { OAuthLogoutOptions } from '../nest/oauth-logout.decorator.js';
export type { OAuthClientModuleAsyncOptions, OAuthClientOptionsFactory } from '../oauth-client.options.js';
export type { OAuthRequest } from '../oauth-request.js';
export type {
  MismatchingStateReason,
  OAuthErrorOptions,
  ProviderAnswer,
  ProviderErrorOptions,
} from '../oauth.errors.js';
export type { AccessTokenRequest } from '../oauth2/grants/access-token-request.js';
export type {
  BackchannelAuthentication,
  BackchannelAuthenticationParams,
} from '../oauth2/grants/backchannel-authentication.js';
export type { DeviceAuthorization, DeviceAuthorizationParams } from '../oauth2/grants/device-authorization.js';
export type { TokenGrant } from '../oauth2/grants/token-request.js';
export type { IdTokenClaims } from '../oauth2/openid/id-token.js';
export type { ClientMetadata, RegisteredClient } from '../oauth2/provider/client-registration.js';
export type { ApiRequestOptions, TokenSource } from '../remote-app/api-options.js';
export type { RemoteAppClass } from '../remote-app/app-class.js';
export type { AuthorizationRequest, AuthorizeData, LoginParams, RedirectResponse } from '../remote-app/login.js';
export type { LogoutRedirectParams, LogoutResult } from '../remote-app/logout.js';
export type { TokenIntrospection } from '../oauth2/access-token/token-management.js';
export type { OAuthResponse } from '../state/oauth-response.js';
