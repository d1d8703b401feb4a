import { fieldsOf } from '../common/fields-of.js';
import { MissingTokenError } from '../errors/oauth.errors.js';

/** The provider and the client that a token belongs to. The client's name in the settings may change; the binding does not. */
export interface TokenBinding {
  readonly issuer: string;
  readonly clientId: string;
}

/**
 * Checks that a token belongs to this client, so that a client name that is reused for another provider does not send the
 * old token there. Accepts a token without a binding: an earlier version stored it, or the application created it.
 * @param name the name of the client
 * @throws {MissingTokenError} when the token was issued by another provider, or to another client
 */
export function requireOwnToken(name: string, token: object, binding: TokenBinding): void {
  const { issuer, clientId } = fieldsOf(token);
  if (isSame(issuer, binding.issuer) && isSame(clientId, binding.clientId)) return;
  throw new MissingTokenError({
    description:
      `no token for "${name}": the stored token was issued by another provider or to another client, and the settings of ` +
      `"${name}" have changed since then. Sign in again`,
  });
}

function isSame(bound: unknown, own: string): boolean {
  return bound === undefined || bound === null || bound === own;
}
