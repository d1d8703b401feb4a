import { OAuthError } from '../../errors/oauth.errors.js';
import { withQuery } from '../../http/query.js';
import type { Provider } from '../provider/provider.js';
import { renameParameters } from '../wire/parameter-names.js';
import type { WireParameters } from '../wire/parameters.js';

/** Returns the parameters of an authorization request with the provider's names. */
export function renamedParameters({ config }: Provider, parameters: WireParameters): WireParameters {
  const names = config.authorizationRequest?.parameterNames;
  if (!names) return parameters;
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(renameParameters(present, names));
}

/**
 * Returns the redirect URI of a login: the passed URI, with the state in its query if the provider does not return the state
 * (`stateInRedirectUri`).
 * @throws {OAuthError} `invalid_redirect_uri` (status 500) when the state must be in a redirect URI that was not passed
 */
export function redirectUriToSend(
  { config }: Provider,
  redirectUri: string | undefined,
  state: string,
): string | undefined {
  if (!config.authorizationRequest?.stateInRedirectUri) return redirectUri;
  if (redirectUri) return withQuery(redirectUri, { state });
  throw new OAuthError('invalid_redirect_uri', {
    description:
      'the login has no redirect URI; expected one, because state_in_redirect_uri sends the state in it. Pass a redirect URI',
    status: 500,
  });
}
