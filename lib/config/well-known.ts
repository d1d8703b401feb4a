/** Well-known path of metadata in OpenID Connect Discovery 1.0 §4. */
const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
/** Well-known path of metadata in RFC 8414 §3. */
const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

/**
 * Returns the possible URLs of an issuer's metadata, in the order in which they are tried. Providers use both well-known paths,
 * after the issuer's path (OpenID Connect Discovery 1.0 §4) and before it (RFC 8414 §3 and §5).
 */
export function wellKnownUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const paths = [
    path + OPENID_CONFIGURATION,
    OAUTH_METADATA + path,
    OPENID_CONFIGURATION + path,
    path + OAUTH_METADATA,
  ];
  return [...new Set(paths)].map((path) => origin + path);
}

/**
 * Returns the issuers, without a trailing slash, that have the metadata URL as a well-known URL: only the issuer's server can
 * respond at that URL. Returns an empty array for any other URL. Accepts both well-known paths before and after the issuer's
 * path, because providers use all of these URLs.
 */
export function issuersAt(metadataUrl: string): string[] {
  const { origin, pathname } = new URL(metadataUrl);
  const paths = [OPENID_CONFIGURATION, OAUTH_METADATA].flatMap((wellKnown) => [
    ...(pathname.endsWith(wellKnown) ? [pathname.slice(0, -wellKnown.length)] : []),
    ...(pathname.startsWith(`${wellKnown}/`) ? [pathname.slice(wellKnown.length)] : []),
  ]);
  return [...new Set(paths)].map((path) => origin + path.replace(/\/$/, ''));
}

/** Returns whether the metadata URL proves the issuer. The issuer may have a trailing slash, which its well-known URL lacks. */
export function provesIssuer(metadataUrl: string, issuer: string): boolean {
  return issuersAt(metadataUrl).some((candidate) => issuer === candidate || issuer === `${candidate}/`);
}
