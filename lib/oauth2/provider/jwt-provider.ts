import { decodeJwt, type JWTPayload } from 'jose';
import { shown } from './failed-check.js';
import type { CheckedJwt, Provider } from './provider.js';
import { isTenantTemplate, issuerOfTenant, TENANT, tenantIn } from '../../config/tenant-issuer.js';
import { isEncrypted } from '../wire/jwt.js';
import { RefusedInput } from '../wire/refused-input.js';

/** A provider as the checks of one JWT need it. */
export type VerifyingProvider = Provider & { readonly jwt: CheckedJwt };

/**
 * Returns the provider as the checks of one JWT of it need it: with the issuer that this JWT must have, and without keys that
 * were chosen for another one. Where the provider has an issuer for each tenant, the tenant is the one that the JWT names: its
 * `tid`, or else the id in its `iss`. The JWT must have passed `checkJwt()`; nothing is verified yet.
 * @throws {RefusedInput} when none of the client's keys decrypts the JWT, or when it names no tenant
 */
export function providerOfJwt(provider: Provider, jwt: string): Promise<VerifyingProvider> {
  return forJwt(provider, jwt, ({ iss, tid = tenantIn(provider.server.issuer, iss) }) => tid);
}

/**
 * Does the same as {@link providerOfJwt} for an id_token: where the provider has an issuer for each tenant, the id_token must name its
 * tenant (`tid`), and its `iss` must be the issuer of that tenant.
 */
export function providerOfIdToken(provider: Provider, idToken: string): Promise<VerifyingProvider> {
  return forJwt(provider, idToken, ({ tid }) => tid);
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
    `it was issued by ${shown(claims.iss)}, expected ${shown(server.issuer)} with the GUID of its own tenant (tid) in place ` +
      `of ${TENANT}`,
  );
}
