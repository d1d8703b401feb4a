import fc from 'fast-check';
import { jwtEdits, type JwtEdits } from './hostile-jwt.js';
import { hostileText } from './hostile-value.js';
import { editsOf, type Edit } from './json-edits.js';
import { MARKER } from './secrets.js';

/** The changes that a provider makes to its valid response. */
export interface HostileAnswer {
  /** Changes to the JSON body, or to the first key of a JWK Set. */
  edits?: Edit[];
  /** Changes to the JWT in the body. */
  jwt?: JwtEdits;
  status?: number;
  contentType?: string;
  headers?: [name: string, value: string][];
  /** A body that replaces the valid body. */
  body?: HostileBody;
  /** A failure of the connection or of the HTTP message. */
  wire?: 'never' | 'reset' | 'cut' | 'too long' | 'not HTTP' | 'bad chunks';
}

/** `echo` repeats the request, as some providers do in an error. */
export type HostileBody = { text: string } | 'error' | 'echo' | 'echo as error' | 'array' | 'string' | 'huge' | 'deep';

const BODIES = [
  '',
  ' ',
  'null',
  '[]',
  '{}',
  '{',
  '{"a":',
  '<html><body>502</body></html>',
  `<!-- ${MARKER} -->`,
  `Error at ${MARKER}: ECONNREFUSED`,
  '\ufeff{}',
  'access_token=a&token_type=bearer',
  'oauth_problem=token_rejected',
  `oauth_problem=signature_invalid&oauth_problem_advice=${MARKER}`,
  'oauth_token=a&oauth_token_secret=b',
  'oauth_token=a&oauth_token=b&oauth_token_secret=&oauth_callback_confirmed=true',
  'oauth_token=%zz&oauth_token_secret=%ff&oauth_callback_confirmed=true',
  '{"oauth_token":["a"],"oauth_token_secret":{}}',
  '__proto__=x&constructor=y&oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true',
  `{"error":"server_error","error_description":"${MARKER}"}`,
  `{"error":"${MARKER}"}`,
  '{"error":{}}',
  '{"error":"invalid_grant","error_uri":"javascript:alert(1)"}',
  '{"error":"use_dpop_nonce"}',
  '{"error":"authorization_pending"}',
  '{"error":"slow_down"}',
  '{"keys":[]}',
  '{"keys":[null,1,"x",{}]}',
  '{"keys":{}}',
] as const;

const HEADER_VALUES = [
  '',
  ',',
  '=',
  '"',
  'Bearer',
  'Bearer error="invalid_token"',
  `Bearer error="invalid_token", error_description="${MARKER}"`,
  'Bearer error="x, error=y',
  'DPoP error="use_dpop_nonce"',
  'DPoP algs="ES256"',
  `OAuth oauth_problem="${MARKER}"`,
  'OAuth oauth_problem="%zz", oauth_problem_advice="%ff"',
  'Basic realm="\u00ff"',
  '0',
  '-1',
  '1e999',
  '99999999999999999999',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Thu, 99 Foo 99999 00:00:00 GMT',
  'max-age=-1',
  'max-age=99999999999999999999999',
  'max-age=0, no-store',
  'gzip',
  'chunked, chunked',
  'br',
  'http://127.0.0.1:1/',
  '/',
  'javascript:alert(1)',
  'http://[::1',
  'x'.repeat(2000),
  'x'.repeat(20_000),
  'a=b; Path=/',
] as const;

const HEADER_NAMES = [
  'WWW-Authenticate',
  'Retry-After',
  'Cache-Control',
  'DPoP-Nonce',
  'Location',
  'Set-Cookie',
  'Content-Encoding',
  'Transfer-Encoding',
  'Content-Length',
  'Connection',
  'Date',
  'Link',
  '__proto__',
];

const CONTENT_TYPES = [
  '',
  'text/html',
  'text/plain; charset=utf-16',
  'application/json; charset=x',
  'application/jwt',
  'application/token-introspection+jwt',
  'application/x-www-form-urlencoded',
  'application/jwk-set+json',
  'multipart/form-data',
  'application/json, text/html',
  ';',
  '\u00ff/\u00ff',
];

const STATUSES = [100, 101, 102, 199, 201, 202, 204, 205, 206, 299, 300, 301, 302, 303, 304, 307, 308];
const status = fc.oneof(
  fc.constantFrom(...STATUSES),
  fc.constantFrom(400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503, 504),
  fc.integer({ min: 100, max: 999 }),
);

const headers = fc.array(
  fc.tuple(
    fc.constantFrom(...HEADER_NAMES),
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<string>(...HEADER_VALUES) },
      { weight: 1, arbitrary: hostileText },
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

const body: fc.Arbitrary<HostileBody> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<string>(...BODIES).map((text) => ({ text })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('error', 'echo', 'echo as error', 'array', 'string', 'huge', 'deep'),
  },
  { weight: 1, arbitrary: hostileText.map((text) => ({ text })) },
  { weight: 1, arbitrary: fc.json().map((text) => ({ text })) },
);

/** Generates changes to a valid response with these fields, and with a JWT with these claims if given. */
export function hostileAnswer(fields: readonly string[], claims?: readonly string[]): fc.Arbitrary<HostileAnswer> {
  const part = fc.oneof(
    { weight: 10, arbitrary: fc.record({ edits: editsOf(fields) }) },
    { weight: claims ? 8 : 0, arbitrary: fc.record({ jwt: jwtEdits(claims) }) },
    { weight: 2, arbitrary: fc.record({ status }) },
    { weight: 2, arbitrary: fc.record({ status, body }) },
    { weight: 2, arbitrary: fc.record({ body }) },
    { weight: 2, arbitrary: fc.record({ headers }) },
    { weight: 1, arbitrary: fc.record({ status, headers }) },
    { weight: 1, arbitrary: fc.record({ contentType: fc.constantFrom(...CONTENT_TYPES) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        wire: fc.oneof(
          { weight: 1, arbitrary: fc.constant('never' as const) },
          { weight: 6, arbitrary: fc.constantFrom('reset', 'cut', 'too long', 'not HTTP', 'bad chunks') },
        ),
      }),
    },
  );
  return fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => Object.assign({}, ...parts) as HostileAnswer);
}
