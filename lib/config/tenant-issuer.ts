/** What stands for the id of a tenant in the issuer of a provider that has many (Microsoft `common` and `organizations`). */
export const TENANT = '{tenantid}';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether an issuer is a template: one segment of its path stands for the id of a tenant. */
export function isTenantTemplate(issuer: string): boolean {
  return /^https?:\/\/[^/{}]+\/([^{}]*\/)?\{tenantid\}(\/[^{}]*)?$/.test(issuer);
}

/** Returns the issuer of one tenant, or undefined when the id is not a GUID. */
export function issuerOfTenant(template: string, tenant: unknown): string | undefined {
  return typeof tenant === 'string' && GUID.test(tenant) ? template.replace(TENANT, tenant) : undefined;
}

/** Returns the id of the tenant whose issuer it is, or undefined when it is not an issuer of the template. */
export function tenantIn(template: string, issuer: unknown): string | undefined {
  if (typeof issuer !== 'string' || !isTenantTemplate(template)) return undefined;
  const [before = '', after = ''] = template.split(TENANT);
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return issuerOfTenant(template, tenant) === issuer ? tenant : undefined;
}

/**
 * Whether the issuer that metadata names is the one that was asked for, but for the segment of the tenant: a template, or the
 * id of the tenant that a name such as `consumers` stands for.
 */
export function isTenantOf(own: string, asked: string): boolean {
  const segments = own.replace(/\/$/, '').split('/');
  const others = asked.replace(/\/$/, '').split('/');
  const different = segments.flatMap((segment, index) => (segment === others[index] ? [] : [index]));
  const [at = 0] = different;
  const segment = segments[at] ?? '';
  const isInPath = at >= 3; // after "https:", "" and the host
  return (
    segments.length === others.length &&
    different.length === 1 &&
    isInPath &&
    (segment === TENANT || GUID.test(segment))
  );
}
