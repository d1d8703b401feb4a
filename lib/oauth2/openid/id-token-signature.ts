import { compactVerify } from 'jose';
import { validateApplicationLevelSignature } from 'oauth4webapi';
import type { VerifyingProvider } from '../provider/jwt-provider.js';
import { signatureOptions } from '../provider/provider.js';
import { RefusedInput } from '../wire/refused-input.js';

/**
 * Verifies the signature of the id_token in a token response that `oauth4webapi` has processed: with the provider's keys, or, if the
 * settings allow it, with the client secret (OpenID Connect Core §10.1).
 * @throws {RefusedInput} when the client secret did not sign the id_token
 */
export async function verifyIdTokenSignature(provider: VerifyingProvider, response: Response): Promise<void> {
  const { config, server, jwt } = provider;
  if (!config.allowSecretSignedIdToken) {
    await validateApplicationLevelSignature(server, response, signatureOptions(provider));
    return;
  }
  const key = new TextEncoder().encode(config.clientSecret);
  try {
    await compactVerify(jwt.jws, key, { algorithms: ['HS256'] });
  } catch {
    throw new RefusedInput(
      'it was not signed with the client secret (HS256), which allow_secret_signed_id_token requires. Check the client secret, or ' +
        'remove the setting if the provider signs with its own keys',
    );
  }
}
