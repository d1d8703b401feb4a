import { withQuery } from '../../http/query.js';
import { spaceSeparated, wireParameters } from '../wire/parameters.js';
import { randomText } from '../wire/random-text.js';
import { unwrapIdToken } from './id-token.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';

/** What one logout asks for. Other keys are sent as they are, by their wire names. */
export interface LogoutParams {
  /** `post_logout_redirect_uri`: where the provider sends the user back to. */
  postLogoutRedirectUri?: string;
  /** `id_token_hint`: the id_token of the login that ends; without it, many providers ask the user. */
  idTokenHint?: string;
  /** `logout_hint`: who it is. */
  logoutHint?: string;
  /** `ui_locales` */
  uiLocales?: string | string[];
  /** State to use instead of a random one; sent where the user is to come back. */
  state?: string;
  [extra: string]: unknown;
}

const WIRE_NAMES = { logoutHint: 'logout_hint' };

/** Makes the URL that ends the user's session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2). */
export async function logoutRequest(
  provider: Provider,
  { postLogoutRedirectUri, uiLocales, idTokenHint, state: given, ...params }: LogoutParams,
): Promise<{ url: string; state?: string }> {
  const endpoint = requireEndpoint(provider, 'end_session_endpoint');
  const state = postLogoutRedirectUri === undefined ? undefined : (given ?? randomText());
  const url = withQuery(endpoint, {
    ...wireParameters(params, WIRE_NAMES),
    client_id: provider.config.clientId,
    id_token_hint: idTokenHint && (await unwrapIdToken(provider.clientKeys, idTokenHint)),
    ui_locales: spaceSeparated(uiLocales),
    post_logout_redirect_uri: postLogoutRedirectUri,
    state,
  });
  return { url, state };
}
