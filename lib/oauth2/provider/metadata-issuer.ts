import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { issuersAt, provesIssuer } from '../../config/well-known.js';
import { RefusedInput } from '../wire/refused-input.js';
import { shown } from './failed-check.js';
import { isTenantOf, isTenantTemplate } from '../../config/tenant-issuer.js';

/**
 * Checks the issuer in the metadata. The expected issuer is the configured issuer, or else the issuer whose well-known URL is `url`.
 * Metadata at any other URL does not prove its issuer. With `allow_any_tenant`, the issuer may be the issuer of a tenant, or the
 * template for all tenants.
 * @throws {RefusedInput} when the issuer is not the expected issuer, or is not proven
 */
export function checkMetadataIssuer(
  own: string,
  url: string,
  configured: string | undefined,
  config: OAuth2ClientConfig,
): void {
  if (isTenantTemplate(own) && !config.allowAnyTenant) throw new RefusedInput(templateRefusal(own));
  const [expected = own] = configured === undefined ? issuersAt(url) : [configured];
  const isTenant = config.allowAnyTenant && isTenantOf(own, expected);
  const isSame = own === expected || isTenant || (configured === undefined && provesIssuer(url, own));
  if (!isSame) throw new RefusedInput(otherIssuer(own, expected));
  const isProven =
    provesIssuer(url, own) || (config.allowAnyTenant && issuersAt(url).some((at) => isTenantOf(own, at)));
  if (config.allowIssuerImpersonation || isProven) return;
  throw new RefusedInput(
    `it does not prove its issuer ${shown(own)}, expected it at a well-known URL of that issuer. Set only issuer, or, if ` +
      'you accept that anyone who controls this URL can sign in as any user of the issuer, set allow_issuer_impersonation',
  );
}

function templateRefusal(own: string): string {
  return (
    `its issuer is the template ${shown(own)}, which stands for every tenant. Set issuer to that of your tenant, or, if ` +
    'the users of every tenant may sign in, set allow_any_tenant'
  );
}

function otherIssuer(own: string, expected: string): string {
  const advice = isTenantOf(own, expected) ? '. If that is your tenant, set issuer to it' : '';
  return `its issuer is ${shown(own)}, expected ${shown(expected)}${advice}`;
}
