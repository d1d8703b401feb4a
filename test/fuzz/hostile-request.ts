import fc from 'fast-check';
import { CLIENT_KINDS, type ClientKind } from './clients.js';
import { CLAIMS, jwtEdits, type JwtEdits } from './hostile-jwt.js';
import { parameterChange, type ParameterChange } from './hostile-parameters.js';
import { hostileText } from './hostile-value.js';

const ROUTES = ['login', 'callback', 'logout', 'signed-out', 'backchannel-logout', 'frontchannel-logout'] as const;

/** A hostile request of a browser. */
export interface HostileRequest {
  site: number;
  client: ClientKind;
  route: (typeof ROUTES)[number];
  /** Whether a valid login, logout or session precedes the request. */
  begun: boolean;
  changes: ParameterChange[];
  /** Changes to the JWT of the request, if it has one. */
  jwt?: JwtEdits;
  method?: string;
  /** Replaces the client's name. */
  provider?: string;
  headers?: [name: string, value: string][];
  cookie?: 'none' | 'cut' | 'changed' | 'twice' | { text: string };
  /** Replaces the form. */
  contentType?: string;
  returnTo?: string;
}

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'get', 'X'];
const PROVIDERS = [
  'nobody',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '%00',
  '%zz',
  '%2e%2e',
  '%ff',
  '%F0%9F%98%80',
  'oidc%00',
  'oidc%2Fcallback',
  'OIDC',
  '%20',
  'x'.repeat(3000),
  '[object%20Object]',
];

const HEADERS = [
  'Host',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-For',
  'Forwarded',
  'Sec-Fetch-Site',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Dest',
  'Origin',
  'Referer',
  'Content-Type',
  'Accept',
  'Authorization',
  'Content-Encoding',
  'Transfer-Encoding',
  'Expect',
];
const HEADER_VALUES = [
  '',
  ' ',
  ',',
  'evil.example',
  'evil.example:99999',
  'evil.example/path?x=y#z',
  'user@evil.example',
  '[::1',
  '[::1]:80',
  'https',
  'http, https',
  'javascript',
  'cross-site',
  'iframe',
  'null',
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  'gzip',
  '100-continue',
  'a b',
  'é',
  '%00',
  'x'.repeat(5000),
];

const RETURN_TOS = [
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '\\\\evil.example',
  'https://evil.example/',
  'javascript:alert(1)',
  '/..//evil.example',
  '/%2f/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/\u0000',
  '/é?q=😀#x',
  '/\ud800',
  ' //evil.example',
  '/@evil.example',
  '/x'.repeat(2500),
  '/:80',
  '?x',
  '#x',
];

const LOGOUT_CLAIMS = [...CLAIMS, 'jti', 'events', 'sid'];

/** Generates a request with one or two hostile properties. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .record({
    site: fc.nat(5),
    client: fc.constantFrom(...CLIENT_KINDS),
    route: fc.oneof(
      { weight: 6, arbitrary: fc.constant('callback' as const) },
      { weight: 6, arbitrary: fc.constantFrom(...ROUTES) },
    ),
    begun: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    change: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.record({ changes: fc.array(parameterChange, { minLength: 1, maxLength: 3 }) }) },
        { weight: 4, arbitrary: fc.record({ jwt: jwtEdits(LOGOUT_CLAIMS) }) },
        { weight: 1, arbitrary: fc.record({ method: fc.constantFrom(...METHODS) }) },
        { weight: 1, arbitrary: fc.record({ provider: fc.constantFrom(...PROVIDERS) }) },
        { weight: 1, arbitrary: fc.record({ contentType: fc.constantFrom(...HEADER_VALUES) }) },
        { weight: 2, arbitrary: fc.record({ returnTo: fc.oneof(fc.constantFrom(...RETURN_TOS), hostileText) }) },
        {
          weight: 2,
          arbitrary: fc.record({
            cookie: fc.oneof(
              fc.constantFrom('none' as const, 'cut' as const, 'changed' as const, 'twice' as const),
              fc.record({ text: hostileText }),
              fc
                .constantFrom('connect.sid=s%3Ax.y', 'sessionId=x.y', `oauth_${'A'.repeat(22)}=1799999999.A.B`)
                .map((text) => ({ text })),
            ),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), fc.constantFrom(...HEADER_VALUES)), {
              minLength: 1,
              maxLength: 2,
            }),
          }),
        },
      ),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ change: parts, ...request }) => Object.assign({ ...request, changes: [] }, ...parts) as HostileRequest);
