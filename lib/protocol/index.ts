export type { OAuth1Kwargs, OAuth2Kwargs } from '../config/client-kwargs.js';
export type {
  ClientSettings,
  CommonClientSettings,
  OAuth1ClientSettings,
  OAuth2ClientSettings,
  RequestParameters,
} from '../config/client-settings.js';
export type {
  ClientAuthMethod,
  ComplianceHook,
  ComplianceHookName,
  ComplianceHooks,
  ComplianceSession,
} from '../config/compliance-fix.js';
export type { HttpOptions } from '../config/http-options.js';
export type { OpenIdSettings, ProviderEndpoints } from '../config/openid-settings.js';
export type { PrivateKeyEntry, PrivateKeyList, PrivateKeyMaterial, PrivateKeys } from '../config/private-key.js';
export type {
  ClaimSource,
  ProfileClaims,
  ProfileContext,
  ProfileFunction,
  ProfilePath,
  ProfileRequest,
  ProfileSettings,
} from '../config/profile-settings.js';
export type { RegisterOptions } from '../config/register-options.js';
export type {
  ApiRequestSettings,
  AuthorizationRequestSettings,
  ClientSecretJwtSettings,
  CodeRequestSettings,
  LongLivedTokenRequestSettings,
  ParameterNames,
  RefreshRequestSettings,
  TokenApiBaseUrlSettings,
  TokenRequestSettings,
  TokenResponseSettings,
} from '../config/wire-settings.js';
export type { SecuritySettings } from '../config/security-settings.js';
export type { ClientCertificate } from '../http/connections.js';
export type { EndpointRequest, ProtectedRequest, TokenEndpointResponse } from '../http/messages.js';
export type { OAuthLoginOptions } from '../routes/oauth-login.decorator.js';
export type { OAuthLogoutOptions } from '../routes/oauth-logout.decorator.js';
export type { OAuthClientModuleAsyncOptions, OAuthClientOptionsFactory } from '../oauth-client.options.js';
export type { OAuthRequest } from '../common/oauth-request.js';
export type {
  MismatchingStateReason,
  OAuthErrorOptions,
  ProviderAnswer,
  ProviderErrorOptions,
} from '../errors/oauth.errors.js';
export type { SignatureKeys, SignatureMethod } from '../oauth1/signature-methods.js';
export type { AuthorizationChecks, AuthorizationParams } from '../oauth2/authorization/authorization-params.js';
export type { OAuth2AuthorizationRequest } from '../oauth2/authorization/authorization-request.js';
export type {
  AccessTokenRequest,
  ClientCredentialsGrant,
  CommonGrant,
  ExtensionGrant,
  JwtBearerGrant,
  PasswordGrant,
  RefreshTokenGrant,
  TokenExchangeGrant,
} from '../oauth2/grants/access-token-request.js';
export type { CodeExchange } from '../oauth2/grants/authorization-code.js';
export type {
  BackchannelAuthentication,
  BackchannelAuthenticationParams,
} from '../oauth2/grants/backchannel-authentication.js';
export type { DeviceAuthorization, DeviceAuthorizationParams } from '../oauth2/grants/device-authorization.js';
export type { PendingGrant } from '../oauth2/grants/pending-grant.js';
export type { TokenGrant } from '../oauth2/grants/token-request.js';
export type { FrontchannelLogout } from '../oauth2/openid/frontchannel-logout.js';
export type { IdTokenClaims } from '../oauth2/openid/id-token.js';
export type { LogoutParams } from '../oauth2/openid/logout-request.js';
export type { BackchannelLogout } from '../oauth2/openid/logout-token.js';
export type { ClientMetadata, RegisteredClient } from '../oauth2/provider/client-registration.js';
export type { ApiRequestOptions, TokenSource } from '../remote-app/api-options.js';
export type { RemoteAppClass } from '../remote-app/app-class.js';
export type { AuthorizationRequest, AuthorizeData, LoginParams, RedirectResponse } from '../remote-app/login.js';
export type { LogoutRedirectParams, LogoutResult } from '../remote-app/logout.js';
export type { OAuth1Exchange } from '../remote-app/oauth1-app.js';
export type { TokenIntrospection } from '../oauth2/access-token/token-management.js';
export type { OAuthResponse } from '../state/oauth-response.js';
