import type { JWTPayload } from 'jose';
import { decodeJwt } from 'jose/jwt/decode';
import { shown } from './failed-check.js';
import { requireEndpoint, type CheckedJwt, type Provider } from './provider.js';
import { isTenantTemplate, issuerOfTenant, TENANT, tenantIn } from '../../config/tenant-issuer.js';
import { isEncrypted } from '../wire/jwt.js';
import { RefusedInput } from '../wire/refused-input.js';

/** A provider for the validation of one JWT. */
export type VerifyingProvider = Provider & { readonly jwt: CheckedJwt };

/**
 * Returns the provider for the validation of one JWT: with the issuer that this JWT must have, and without the keys that were
 * chosen for another JWT. If the provider has an issuer per tenant, the JWT names its tenant in `tid`, or else in `iss`. The JWT
 * must have passed `checkJwt()`. This function does not verify the signature.
 * @throws {RefusedInput} when none of the client's keys decrypts the JWT, or when the JWT does not name its tenant
 */
export function providerOfJwt(provider: Provider, jwt: string): Promise<VerifyingProvider> {
  return forJwt(provider, jwt, ({ iss, tid = tenantIn(provider.server.issuer, iss) }) => tid);
}

/**
 * Returns the provider for the validation of an id_token, as {@link providerOfJwt} does. If the provider has an issuer per tenant,
 * the id_token must name its tenant in `tid`, and its `iss` must be the issuer of that tenant. If the client secret signs id_tokens,
 * no other algorithm is accepted.
 */
export async function providerOfIdToken(provider: Provider, idToken: string): Promise<VerifyingProvider> {
  const verifier = await forJwt(provider, idToken, ({ tid }) => tid);
  if (!provider.config.allowSecretSignedIdToken) return verifier;
  return { ...verifier, client: { ...verifier.client, id_token_signed_response_alg: 'HS256' } };
}

/**
 * Verifies the signature of a JWT with the provider's keys. (`oauth4webapi` would import the key and verify the signature again.)
 * @throws {RefusedInput} when no key of the provider signed the JWT
 */
export function verifySignature(provider: VerifyingProvider): Promise<void> {
  const { jws, issuer } = provider.jwt;
  return provider.providerKeys.verify(requireEndpoint(provider, 'jwks_uri'), jws, issuer);
}

async function forJwt(
  provider: Provider,
  jwt: string,
  tenantOf: (claims: JWTPayload) => unknown,
): Promise<VerifyingProvider> {
  const { server, clientKeys } = provider;
  const jws = isEncrypted(jwt) ? await clientKeys.decrypt(jwt) : jwt;
  if (!isTenantTemplate(server.issuer)) return { ...provider, server: { ...server }, jwt: { jws } };
  const claims = decodeJwt(jws);
  const issuer = issuerOfTenant(server.issuer, tenantOf(claims));
  if (issuer !== undefined) return { ...provider, server: { ...server, issuer }, jwt: { jws, issuer } };
  throw new RefusedInput(
    `it was issued by ${shown(claims.iss)}, expected ${shown(server.issuer)} with the GUID of its tenant (tid) instead of ` +
      TENANT,
  );
}
