import { tokenCredentials } from '../oauth2/access-token/token-credentials.js';
import { claimsOf, type IdTokenClaims } from '../oauth2/openid/id-token.js';
import { userInfoOfLogin, userInfoOfToken, type UserInfo } from '../oauth2/openid/user-info.js';
import type { Provider } from '../oauth2/provider/provider.js';
import type { ProfileInput } from '../profile/profile-context.js';
import { profileOfLogin, readProfile } from '../profile/read-profile.js';
import type { OAuth2Token } from '../token/token.js';
import type { AppParts } from './app-parts.js';
import { profileInput } from './profile-input.js';

interface FinishedLogin {
  token: OAuth2Token;
  /** The claims of the validated id_token. */
  claims?: IdTokenClaims;
  callback: Readonly<Record<string, string>>;
}

/**
 * Returns the user info of a login: from the client's `profile`, or else the claims of the id_token and of userinfo.
 * @throws {ProfileError} when the profile cannot be read and `requireProfile` is set
 */
export async function oauth2UserInfoOfLogin(
  provider: Provider,
  parts: AppParts,
  { token, claims, callback }: FinishedLogin,
): Promise<UserInfo | undefined> {
  const { profile } = provider.config;
  const idToken = await userInfoOfLogin(provider, token, claims);
  if (profile === undefined) return idToken;
  return profileOfLogin(profile, inputOf(provider, parts, { token, idToken, callback }));
}

/**
 * Returns the user info of a token: from the client's `profile`, or else the claims of userinfo.
 * @throws {ProfileError} when the profile cannot be read
 */
export async function oauth2UserInfo(provider: Provider, parts: AppParts, token: OAuth2Token): Promise<UserInfo> {
  const { profile, userInfoFrom } = provider.config;
  if (profile === undefined) return userInfoOfToken(provider, token);
  const isEmpty = typeof profile === 'object' && Object.keys(profile).length === 0;
  const usesUserInfo = userInfoFrom === 'userinfo' || isEmpty;
  const idToken = usesUserInfo ? await userInfoOfToken(provider, token) : await claimsIn(token, provider);
  const userInfo = await readProfile(profile, inputOf(provider, parts, { token, idToken, callback: {} }));
  return userInfo ?? userInfoOfToken(provider, token);
}

async function claimsIn({ idToken }: OAuth2Token, provider: Provider): Promise<UserInfo | undefined> {
  const { sub, ...claims } = idToken === undefined ? {} : await claimsOf(provider, idToken);
  return sub === undefined ? undefined : { ...claims, sub };
}

function inputOf(
  provider: Provider,
  parts: AppParts,
  user: Pick<ProfileInput, 'idToken' | 'callback'> & { token: OAuth2Token },
): ProfileInput {
  return profileInput(parts, {
    ...user,
    credentials: (placement) => tokenCredentials(provider, user.token, { placement }),
  });
}
