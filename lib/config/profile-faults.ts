import { MAIN_REQUEST, OTHER_SOURCES, parsePath, PLACEHOLDER, placeholdersOf } from './profile-paths.js';
import { profile as profileSchema } from './profile-schema.js';
import type {
  ClaimSource,
  ProfileClaims,
  ProfileFunction,
  ProfileRequest,
  ProfileSettings,
} from './profile-settings.js';
import type { Protocol, Settings } from './setting-keys.js';

/** Claims that decide who the user is. The user's browser must not be able to choose them. */
const IDENTITY_CLAIMS: readonly string[] = ['sub', 'email', 'email_verified'];

/** Maximum number of paths and placeholders of a profile: each is looked up at each login. */
const MAX_PATHS = 200;

/** Placeholders for credentials. */
const CREDENTIALS: readonly string[] = ['client_id', 'client_secret', 'access_token'];

/** A `profile` after the schema. Undefined if the settings have none, or one that the schema refuses. */
export type ParsedProfile = ProfileSettings | ProfileFunction | undefined;

export function parseProfile({ profile }: Settings): ParsedProfile {
  return profileSchema.safeParse(profile).data;
}

/** Returns the faults of `profile` that the schema cannot find. */
export function profileFaults(protocol: Protocol, settings: Settings, profile: ParsedProfile): string[] {
  if (typeof profile !== 'object') return [];
  const { requests = [], claims = {} } = profile;
  const sources: [claim: string, source: ClaimSource][] = Object.entries(claims);
  const names = requests.map(({ name }, index) => name ?? (index === 0 ? MAIN_REQUEST : ''));
  const placeholders = requests.map((request) =>
    placeholdersOf(JSON.stringify(request)).filter((content) => !CREDENTIALS.includes(content)),
  );
  if (placeholders.flat().length + sources.flatMap(([, source]) => pathsOf(source)).length > MAX_PATHS) {
    return [`profile: expected at most ${MAX_PATHS} paths and placeholders`];
  }
  const fromBrowser = fromCallback(settings, names, placeholders);
  return [
    ...requests.flatMap((request, index) =>
      [
        ...nameFaults(names, index),
        ...requestFaults(protocol, request),
        ...placeholderFaults(request, names.slice(0, index)),
      ].map((fault) => `profile.requests.${index}.${fault}`),
    ),
    ...sources.flatMap(([claim, source]) =>
      claimFaults(claim, source, { settings, names, fromBrowser }).map((fault) => `profile.claims.${claim}: ${fault}`),
    ),
    ...missingClaims(claims, settings),
  ];
}

/** Returns the claims with another source than the id_token. A constant is one, and so is a template, which adds text. */
export function claimsFromElsewhere(profile: ParsedProfile): string[] {
  const { claims = {} } = typeof profile === 'object' ? profile : {};
  const sources: [claim: string, source: ClaimSource][] = Object.entries(claims);
  return sources.filter(([, source]) => !isOfIdToken(source)).map(([claim]) => claim);
}

/** Returns the keys of URLs of profile requests that are not secure enough for a token. */
export function insecureProfileUrls(profile: ParsedProfile, isInsecure: (url: string) => boolean): string[] {
  const requests = typeof profile === 'object' ? (profile.requests ?? []) : [];
  return requests.flatMap(({ url }, index) => (isInsecure(url) ? [`profile.requests.${index}.url`] : []));
}

function nameFaults(names: readonly string[], index: number): string[] {
  const name = names[index] ?? '';
  if (name === '') return ['name: missing; each request after the first needs a name'];
  if (OTHER_SOURCES.includes(name)) return [`name: "${name}" is the name of another source. Choose another name`];
  return names.indexOf(name) < index ? ['name: another request has this name. Choose another name'] : [];
}

function requestFaults(protocol: Protocol, { url, method, form, json, token }: ProfileRequest): string[] {
  const [authority = ''] = /^https?:\/\/[^/?#\\]*/i.exec(url) ?? [];
  const faults: string[] = [];
  if (/[{}@]/.test(authority)) faults.push('url: the host must not contain a placeholder or credentials');
  if (form && json) faults.push('json: a request has form or json, not both. Remove one of them');
  if ((form ?? json) && method === 'GET') faults.push('method: a GET request has no body. Remove form, json or method');
  if (token === 'body' && (json ?? (form ? undefined : method !== 'POST'))) {
    faults.push('token: body needs a form, or the method POST');
  }
  if (protocol === 'OAuth 1' && token !== undefined && token !== 'none') {
    faults.push('token: OAuth 1 signs the request. Remove it, or set none');
  }
  return faults;
}

/** Returns the faults of placeholders: in the path of the URL they must have a value, and secrets are allowed in few places. */
function placeholderFaults({ url, json }: ProfileRequest, sent: readonly string[]): string[] {
  const faults: string[] = [];
  const secrets = [...placeholdersOf(url), ...placeholdersOf(JSON.stringify(json ?? {}))];
  if (secrets.includes('client_secret')) faults.push('url: {client_secret} is allowed in query, headers and form only');
  const sources = [...OTHER_SOURCES, ...sent];
  const isKnown = (content: string): boolean => {
    if (CREDENTIALS.includes(content)) return true;
    const { source = sent[0] } = parsePath(content) ?? {};
    return source !== undefined && sources.includes(source);
  };
  const unknown = placeholdersOf(url.replace(/[?#].*/s, '')).filter((content) => !isKnown(content));
  return unknown.length === 0
    ? faults
    : [
        ...faults,
        'url: a placeholder has no source; expected {client_id}, {token:…} or the name of an earlier request',
      ];
}

interface ClaimRules {
  settings: Settings;
  names: readonly string[];
  /** Returns whether the user's browser can choose the value at a path. */
  fromBrowser: (path: string) => boolean;
}

function claimFaults(claim: string, source: ClaimSource, { settings, names, fromBrowser }: ClaimRules): string[] {
  const paths = pathsOf(source);
  const parsed = paths.map((path) => parsePath(path));
  if (parsed.includes(undefined) || hasOtherBraces(source))
    return ['a path or a template is not valid; expected keys that are separated by dots, such as data.id'];
  const sources = parsed.map((path) => path?.source ?? names[0] ?? '');
  const known = [...OTHER_SOURCES, ...names];
  if (sources.includes(''))
    return ['a path has no source, and there are no requests; expected a source, such as token:id'];
  if (!sources.every((name) => known.includes(name)))
    return ['a path has an unknown source; expected the name of a request'];
  const faults: string[] = [];
  if (claim === 'sub' && !identifies(source)) {
    faults.push('expected a source that is different for each user: a path, or a template of paths');
  }
  if (IDENTITY_CLAIMS.includes(claim) && settings.callbackSignature === undefined && paths.some(fromBrowser)) {
    faults.push('comes from the callback, which the browser can change; expected a source that the provider sends');
  }
  return faults;
}

/** Returns whether every value of a source can identify a user. A constant, a boolean, or a part that is omitted cannot. */
function identifies(source: ClaimSource): boolean {
  if (typeof source === 'string') return true;
  if (Array.isArray(source)) return source.every(identifies);
  if ('template' in source) return placeholdersOf(source.template).length > 0;
  return 'after' in source;
}

function pathsOf(source: ClaimSource): string[] {
  if (typeof source === 'string') return [source];
  if (Array.isArray(source)) return source.flatMap(pathsOf);
  if ('join' in source) return source.join;
  if ('template' in source) return placeholdersOf(source.template);
  if ('exists' in source) return [source.exists];
  if ('all' in source) return source.all.flatMap(pathsOf);
  return 'path' in source ? [source.path] : [];
}

/** Returns whether a template has braces that are not a placeholder. */
function hasOtherBraces(source: ClaimSource): boolean {
  if (Array.isArray(source)) return source.some(hasOtherBraces);
  if (typeof source === 'string' || !('template' in source)) return false;
  return /[{}]/.test(source.template.replace(PLACEHOLDER, ''));
}

/**
 * Returns a function that says whether a path leads to a value of the callback, or to a response that the callback selected, also
 * by way of another response.
 */
function fromCallback(
  { callbackParameters }: Settings,
  names: readonly string[],
  placeholders: readonly (readonly string[])[],
): (path: string) => boolean {
  const parameters = Array.isArray(callbackParameters) ? (callbackParameters as unknown[]) : [];
  const selected = new Set<string>();
  const isFromCallback = (path: string): boolean => {
    const { source = names[0] ?? '', steps = [] } = parsePath(path) ?? {};
    const isParameter = source === 'token' && parameters.includes(steps[0]); // they become fields of the token
    return source === 'callback' || isParameter || selected.has(source);
  };
  for (const [index, name] of names.entries()) {
    if (placeholders[index]?.some(isFromCallback)) selected.add(name);
  }
  return isFromCallback;
}

/** Returns the faults of claims that need another claim. */
function missingClaims(claims: ProfileClaims, { issuer, serverMetadataUrl, userInfoFrom }: Settings): string[] {
  const faults: string[] = [];
  const hasSub = issuer !== undefined || serverMetadataUrl !== undefined || userInfoFrom === 'userinfo';
  if (claims.sub === undefined && !hasSub) {
    faults.push('profile.claims.sub: missing; expected the path of an identifier that never changes');
  }
  const { email_verified: isVerified, email } = claims;
  if (isVerified !== undefined && email === undefined && !pathsOf(isVerified).every(isIdTokenPath)) {
    faults.push('profile.claims.email: missing; email_verified says something about the email of the same response');
  }
  return faults;
}

function isOfIdToken(source: ClaimSource): boolean {
  if (typeof source === 'string') return isIdTokenPath(source);
  if (Array.isArray(source)) return source.every(isOfIdToken);
  return 'all' in source && source.all.every(isOfIdToken);
}

function isIdTokenPath(path: string): boolean {
  return parsePath(path)?.source === 'id_token';
}
