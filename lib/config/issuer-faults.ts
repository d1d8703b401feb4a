import { fieldsOf } from '../common/fields-of.js';
import { claimsFromElsewhere, parseProfile } from './profile-faults.js';
import type { Settings } from './setting-keys.js';
import { snakeCase } from './snake-case.js';
import { isHttpUrl } from './value-schemas.js';
import { isTenantOf, isTenantTemplate } from './tenant-issuer.js';
import { issuersAt, provesIssuer } from './well-known.js';

const DANGER = 'anyone who controls this URL can sign in as any user of the issuer';
const ADVICE = 'or, if you accept that, set allow_issuer_impersonation';

/** Returns the settings that let another party identify the issuer's users. `allow_issuer_impersonation` allows them. */
export function issuerFaults(settings: Settings): string[] {
  const { issuer, serverMetadataUrl, jwksUri, allowIssuerImpersonation } = settings;
  const faults = templateFaults(settings);
  if (allowIssuerImpersonation === true) return faults;
  if (jwksUri !== undefined && (issuer !== undefined || serverMetadataUrl !== undefined)) {
    faults.push(`jwks_uri: ${DANGER}; leave it out, so that the keys are those of the issuer's metadata, ${ADVICE}`);
  }
  if (isUrl(serverMetadataUrl) && !isWellKnown(serverMetadataUrl, settings)) {
    faults.push(
      `server_metadata_url: not a well-known URL of the issuer, and ${DANGER}; ` +
        `expected the issuer followed by /.well-known/openid-configuration. Remove it and set only issuer, ${ADVICE}`,
    );
  }
  return faults;
}

/** Checks an issuer with a placeholder. It accepts the users of every tenant, and does not have a well-known URL. */
function templateFaults({ issuer, serverMetadataUrl, jwksUri, allowAnyTenant }: Settings): string[] {
  if (typeof issuer !== 'string' || !issuer.includes('{')) return [];
  const isKnown = isTenantTemplate(issuer) && allowAnyTenant === true && (serverMetadataUrl ?? jwksUri) !== undefined;
  if (isKnown) return [];
  return [
    'issuer: has a placeholder; expected the issuer of a tenant. For the users of every tenant, set the issuer at whose ' +
      'well-known URL the metadata is, such as https://login.microsoftonline.com/common/v2.0, with allow_any_tenant',
  ];
}

/**
 * Returns the settings that are not allowed for a client that is registered at run time, because a tenant may have chosen them and
 * could then sign in as any user of the issuer.
 */
export function impersonationFaults(name: string, settings: Settings): string[] {
  const { issuer, serverMetadataUrl } = settings;
  const known = issuer ?? serverMetadataUrl;
  const keys = settings.allowIssuerImpersonation === true ? ['allow_issuer_impersonation'] : [];
  if (known !== undefined) keys.push(...replacedSources(settings, known));
  return keys.map((key) => notAllowed(name, key));
}

/** Claims that identify the user. `email` is not one, because only `email_verified` says that it belongs to the user. */
const IDENTIFYING = ['sub', 'email_verified'];

/**
 * Returns the claims of `profile` that are not allowed for a client that is registered at run time, because they replace those of the
 * issuer's id_token. A preset may read them from another claim of the id_token; a tenant could name a claim that users can choose.
 * @param own the settings without those of the preset
 */
export function replacedClaimFaults(name: string, settings: Settings, own: Settings): string[] {
  if ((settings.issuer ?? settings.serverMetadataUrl) === undefined) return [];
  const replaced = [
    ...claimsFromElsewhere(parseProfile(settings)),
    ...Object.keys(fieldsOf(fieldsOf(own.profile).claims)),
  ];
  return IDENTIFYING.filter((claim) => replaced.includes(claim)).map((claim) =>
    notAllowed(name, `profile.claims.${claim}`),
  );
}

function notAllowed(name: string, key: string): string {
  return (
    `${name}.${key}: not allowed for a client that is registered at run time, because it lets another server or a tenant ` +
    "identify the issuer's users; remove it, or configure the client at start-up"
  );
}

/** Settings that replace what the issuer says about the user, or that send the user's code to another server. */
const REPLACING = ['userinfoEndpoint', 'registeredRedirectUri', 'tokenResponse'];

function replacedSources(settings: Settings, known: unknown): string[] {
  const { url } = fieldsOf(settings.longLivedTokenRequest);
  const { parameterNames } = fieldsOf(settings.tokenRequest); // another redirect_uri, to which the codes of other users were sent
  return [
    ...REPLACING.filter((key) => settings[key] !== undefined).map(snakeCase),
    ...(hasOtherOrigin(settings.accessTokenUrl, known) && !checksNonce(settings) ? ['access_token_url'] : []),
    ...(hasOtherOrigin(settings.refreshTokenUrl, known) ? ['refresh_token_url'] : []),
    ...(hasOtherOrigin(url, known) ? ['long_lived_token_request.url'] : []),
    ...(parameterNames === undefined ? [] : ['token_request.parameter_names']),
  ];
}

/**
 * Returns whether an id_token proves that it belongs to a login, because its issuer signed the nonce. Otherwise, the server of a token
 * endpoint can return the tokens of other users.
 */
function checksNonce({ userInfoFrom, allowSecretSignedIdToken, allowMissingNonce }: Settings): boolean {
  return userInfoFrom !== 'userinfo' && !allowSecretSignedIdToken && !allowMissingNonce;
}

/** Returns whether both values are URLs, and their origins differ. */
export function hasOtherOrigin(url: unknown, known: unknown): boolean {
  return isUrl(url) && isUrl(known) && new URL(url).origin !== new URL(known).origin;
}

function isWellKnown(metadataUrl: string, { issuer, allowAnyTenant }: Settings): boolean {
  const issuers = issuersAt(metadataUrl);
  if (!isUrl(issuer)) return issuers.length > 0;
  return provesIssuer(metadataUrl, issuer) || (allowAnyTenant === true && issuers.some((at) => isTenantOf(issuer, at)));
}

/** Returns whether a value is a URL. The schema reports any other value. */
function isUrl(value: unknown): value is string {
  return typeof value === 'string' && isHttpUrl(value);
}
