/** The placeholder for the tenant's id in the issuer of a multi-tenant provider (Microsoft's `common` and `organizations`). */
export const TENANT = '{tenantid}';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns whether an issuer is a template: one segment of its path is the placeholder for the tenant's id. */
export function isTenantTemplate(issuer: string): boolean {
  return /^https?:\/\/[^/{}]+\/([^{}]*\/)?\{tenantid\}(\/[^{}]*)?$/.test(issuer);
}

/** Returns the issuer of one tenant, or undefined when the id is not a GUID. */
export function issuerOfTenant(template: string, tenant: unknown): string | undefined {
  return typeof tenant === 'string' && GUID.test(tenant) ? template.replace(TENANT, tenant) : undefined;
}

/** Returns the tenant's id in an issuer, or undefined when the issuer does not match the template. */
export function tenantIn(template: string, issuer: unknown): string | undefined {
  if (typeof issuer !== 'string' || !isTenantTemplate(template)) return undefined;
  const [before = '', after = ''] = template.split(TENANT);
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return issuerOfTenant(template, tenant) === issuer ? tenant : undefined;
}

/**
 * Returns whether two issuers differ only in the segment of the tenant: in the metadata's issuer, this segment is the placeholder,
 * or the id of the tenant that a name such as `consumers` or `contoso.onmicrosoft.com` means. An id means no other tenant.
 */
export function isTenantOf(metadataIssuer: string, requestedIssuer: string): boolean {
  const segments = metadataIssuer.replace(/\/$/, '').split('/');
  const others = requestedIssuer.replace(/\/$/, '').split('/');
  const different = segments.flatMap((segment, index) => (segment === others[index] ? [] : [index]));
  const [at = 0] = different;
  const segment = segments[at] ?? '';
  const isInPath = at >= 3; // after "https:", "" and the host
  return (
    segments.length === others.length &&
    different.length === 1 &&
    isInPath &&
    !GUID.test(others[at] ?? '') &&
    (segment === TENANT || GUID.test(segment))
  );
}
