import { z } from 'zod';
import type {
  ClaimSource,
  ProfileClaims,
  ProfileFunction,
  ProfilePath,
  ProfileRequest,
  ProfileSettings,
} from './profile-settings.js';
import { areAdditionalHeaders } from './http-options.js';
import { parsePath } from './profile-paths.js';
import { anyText, flag, text, url } from './value-schemas.js';

const EXPECTED = 'expected a path such as "data.id", a list of sources, or { join }, { template }, { exists }, …';

const path: z.ZodType<ProfilePath> = z
  .string()
  .refine((value) => parsePath(value) !== undefined, 'expected a path such as "data.id" or "token:user.id"');
const source: z.ZodType<ClaimSource> = z.lazy(() =>
  z.union(
    [
      path,
      z.array(source).min(1),
      z.strictObject({ join: z.array(path).min(1) }),
      z.strictObject({ template: text }),
      z.strictObject({ path, after: text }),
      z.strictObject({ exists: path }),
      z.strictObject({ path, equals: z.union([z.string(), z.number(), z.boolean()]) }),
      z.strictObject({ all: z.array(source).min(1) }),
      z.strictObject({ value: z.union([z.string(), z.boolean()]) }),
    ],
    EXPECTED,
  ),
);

const claims = {
  sub: source.optional(),
  name: source.optional(),
  given_name: source.optional(),
  family_name: source.optional(),
  preferred_username: source.optional(),
  email: source.optional(),
  email_verified: source.optional(),
  picture: source.optional(),
  locale: source.optional(),
} satisfies Record<keyof ProfileClaims, z.ZodType>;

const strings = z.record(z.string(), anyText, 'expected an object of strings');
const headers = z.custom<Record<string, string>>(areAdditionalHeaders, 'expected an object of header names and values');
const request = {
  name: z
    .string()
    .regex(/^[a-z]\w{0,30}$/, 'expected a lower-case letter, and then at most 30 letters, digits and underscores')
    .optional(),
  url,
  method: z.enum(['GET', 'POST'], 'expected GET or POST').optional(),
  query: strings.optional(),
  headers: headers.optional(),
  form: strings.optional(),
  json: z.record(z.string(), z.unknown(), 'expected an object').optional(),
  token: z.enum(['header', 'uri', 'body', 'none'], 'expected header, uri, body or none').optional(),
  optional: flag.optional(),
} satisfies Record<keyof ProfileRequest, z.ZodType>;

const declared = z.strictObject(
  {
    requests: z
      .array(z.strictObject(request, 'expected an object'), 'expected an array of requests')
      .max(5, 'expected at most 5 requests')
      .optional(),
    claims: z.strictObject(claims, 'expected an object of claims').optional(),
  } satisfies Record<keyof ProfileSettings, z.ZodType>,
  'expected an object, or a function',
);

/** The setting `profile`. A custom check instead of a union, because the fault of a union would not name the key. */
export const profile = z
  .custom<ProfileSettings | ProfileFunction>()
  .transform((given, context): ProfileSettings | ProfileFunction => {
    if (typeof given === 'function') return given;
    const { data, error } = declared.safeParse(given);
    for (const issue of error?.issues ?? []) context.addIssue({ ...issue });
    return data ?? z.NEVER;
  });
