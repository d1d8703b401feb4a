import { snakeCase, type Settings } from './setting-keys.js';
import { isHttpUrl } from './settings-schema.js';
import { issuersAt, provesIssuer } from './well-known.js';

const DANGER = 'anyone who controls this URL can sign in as any user of the issuer';
const ADVICE = 'or, if you accept that, set allow_issuer_impersonation';

/** Settings that let somebody other than the issuer say who its users are; none with `allow_issuer_impersonation`. */
export function issuerFaults(settings: Settings): string[] {
  const { issuer, serverMetadataUrl, jwksUri, allowIssuerImpersonation } = settings;
  if (allowIssuerImpersonation === true) return [];
  const faults: string[] = [];
  if (jwksUri !== undefined && (issuer !== undefined || serverMetadataUrl !== undefined)) {
    faults.push(`jwks_uri: ${DANGER}; leave it out, so that the keys are those of the issuer's metadata, ${ADVICE}`);
  }
  if (isUrl(serverMetadataUrl) && !isWellKnown(serverMetadataUrl, issuer)) {
    faults.push(
      `server_metadata_url: not a well-known URL of the issuer, and ${DANGER}; ` +
        `expected the issuer followed by /.well-known/openid-configuration. Remove it and set only issuer, ${ADVICE}`,
    );
  }
  return faults;
}

/**
 * Settings that a client must not have when it is registered while the application runs, since a tenant may have chosen
 * them: they would let the tenant sign in as any user of the issuer.
 */
export function impersonationFaults(name: string, settings: Settings): string[] {
  const { issuer, serverMetadataUrl } = settings;
  const keys = ['allowIssuerImpersonation'].filter((key) => settings[key] === true);
  const known = issuer ?? serverMetadataUrl;
  if (known !== undefined && settings.userinfoEndpoint !== undefined) keys.push('userinfoEndpoint');
  // who the user is then depends on whose access token it is, and no id_token says that
  if (known !== undefined && settings.userInfoFrom === 'userinfo' && isElsewhere(settings.accessTokenUrl, known)) {
    keys.push('accessTokenUrl');
  }
  return keys.map(
    (key) =>
      `${name}.${snakeCase(key)}: not allowed for a client that is registered at run time, because it lets ` +
      "another server identify the issuer's users; remove it, or configure the client at start-up",
  );
}

function isElsewhere(url: unknown, known: unknown): boolean {
  return isUrl(url) && isUrl(known) && new URL(url).origin !== new URL(known).origin;
}

function isWellKnown(metadataUrl: string, issuer: unknown): boolean {
  return isUrl(issuer) ? provesIssuer(metadataUrl, issuer) : issuersAt(metadataUrl).length > 0;
}

/** Of another value, the schema has a fault of its own. */
function isUrl(value: unknown): value is string {
  return typeof value === 'string' && isHttpUrl(value);
}
