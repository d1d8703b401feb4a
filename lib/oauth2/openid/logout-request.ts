import { withQuery } from '../../http/query.js';
import { spaceSeparated, wireParameters } from '../wire/parameters.js';
import { randomText } from '../../common/random-text.js';
import { unwrapIdToken } from './id-token.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';

/** Parameters of a logout request. Other keys are sent unchanged, as wire names. */
export interface LogoutParams {
  /** `post_logout_redirect_uri`: the URL to which the provider redirects the user after the logout. */
  postLogoutRedirectUri?: string;
  /** `id_token_hint`: the id_token of the login that ends. Without it, many providers ask the user for confirmation. */
  idTokenHint?: string;
  /** `logout_hint`: identifies the user. */
  logoutHint?: string;
  /** `ui_locales` */
  uiLocales?: string | string[];
  /** State to use instead of a random state. It is sent only with `postLogoutRedirectUri`. */
  state?: string;
  [extra: string]: unknown;
}

const WIRE_NAMES = { logoutHint: 'logout_hint' };

/** Returns the URL that ends the user's session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2). */
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
