import { MissingTokenError } from '../errors/oauth.errors.js';

/** The provider and the client that a token belongs to, whatever name the client has in the settings. */
export interface TokenBinding {
  readonly issuer: string;
  readonly clientId: string;
}

/**
 * Checks that a token belongs to this client, so that a name that changes hands sends no token to another provider. A token
 * that does not say where it comes from passes: it was stored by an earlier version, or made by the application.
 * @param name the name of the client
 * @throws {MissingTokenError} when the token was issued by another provider, or to another client
 */
export function requireOwnToken(name: string, token: object, binding: TokenBinding): void {
  const { issuer, clientId } = token as Record<keyof TokenBinding, unknown>;
  if (isSame(issuer, binding.issuer) && isSame(clientId, binding.clientId)) return;
  throw new MissingTokenError({
    description:
      `no token for "${name}": the stored token was issued by another provider or to another client, and the settings of ` +
      `"${name}" have changed since. Sign in again`,
  });
}

function isSame(bound: unknown, own: string): boolean {
  return bound === undefined || bound === null || bound === own;
}
