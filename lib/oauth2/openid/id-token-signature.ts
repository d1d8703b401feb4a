import { verifySignature, type VerifyingProvider } from '../provider/jwt-provider.js';
import { loadJose } from '../wire/load-jose.js';
import { RefusedInput } from '../wire/refused-input.js';

/**
 * Verifies the signature of an id_token: with the provider's keys, or, if the settings allow it, with the client secret (OpenID Connect
 * Core §10.1).
 * @throws {RefusedInput} when neither of them signed the id_token
 */
export async function verifyIdTokenSignature(provider: VerifyingProvider): Promise<void> {
  const { config, jwt } = provider;
  if (!config.allowSecretSignedIdToken) return verifySignature(provider);
  const key = new TextEncoder().encode(config.clientSecret);
  const { compactVerify } = await loadJose();
  try {
    await compactVerify(jwt.jws, key, { algorithms: ['HS256'] });
  } catch {
    throw new RefusedInput(
      'it was not signed with the client secret (HS256), which allow_secret_signed_id_token requires. Check the client secret, or ' +
        'remove the setting if the provider signs with its own keys',
    );
  }
}
