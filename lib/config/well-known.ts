/** The name of metadata by OpenID Connect Discovery 1.0 §4. */
const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
/** The name of metadata by RFC 8414 §3. */
const OAUTH_METADATA = '/.well-known/oauth-authorization-server';

/**
 * Returns the URLs that the metadata of an issuer may be at, in the order in which they are tried: below the issuer (OpenID
 * Connect Discovery 1.0 §4), and before its path (RFC 8414 §3 and §5), as providers use both names.
 */
export function wellKnownUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = [
    path + OPENID_CONFIGURATION,
    OAUTH_METADATA + path,
    OPENID_CONFIGURATION + path,
    path + OAUTH_METADATA,
  ];
  return [...new Set(places)].map((place) => origin + place);
}

/**
 * Returns the issuers, without a last slash, whose well-known URL a metadata URL is: the issuer's own server answers there.
 * Another URL is the well-known URL of no issuer. Both names are accepted before and after the path of the issuer, as
 * providers use them.
 */
export function issuersAt(metadataUrl: string): string[] {
  const { origin, pathname } = new URL(metadataUrl);
  const paths = [OPENID_CONFIGURATION, OAUTH_METADATA].flatMap((wellKnown) => [
    ...(pathname.endsWith(wellKnown) ? [pathname.slice(0, -wellKnown.length)] : []),
    ...(pathname.startsWith(`${wellKnown}/`) ? [pathname.slice(wellKnown.length)] : []),
  ]);
  return [...new Set(paths)].map((path) => origin + path.replace(/\/$/, ''));
}

/** Whether metadata from a URL proves an issuer, which may have a last slash that its well-known URL does not show. */
export function provesIssuer(metadataUrl: string, issuer: string): boolean {
  return issuersAt(metadataUrl).some((candidate) => issuer === candidate || issuer === `${candidate}/`);
}
