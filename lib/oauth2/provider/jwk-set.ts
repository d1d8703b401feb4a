import type { JWK } from 'jose';
import { z } from 'zod';
import { parseJsonObject } from '../wire/json.js';
import { RefusedInput } from '../wire/refused-input.js';

/** The most keys of a set that are read. */
const MAX_KEYS = 100;
/** The longest member of a key: more than a key of 16384 bits has. */
const MAX_LENGTH = 8192;

const text = z.string().max(MAX_LENGTH);
/** `null` and an empty string count as absent: some servers write every member. */
const member = text.nullish().transform((value) => (value === null || value === '' ? undefined : value));

/** A public key. Members that are not used, private ones among them, are left out. */
const PUBLIC_KEY = z.object({
  kty: text.refine((kty) => kty !== 'oct'),
  /** Some servers write a number. */
  kid: z.union([member, z.number().transform(String)]),
  alg: member,
  use: member,
  key_ops: z
    .array(text)
    .max(20)
    .nullish()
    .transform((value) => value ?? undefined),
  crv: member,
  x: member,
  y: member,
  n: member,
  e: member,
  pub: member,
  /** Whose tokens the key signs, where one set has the keys of several issuers (Microsoft). */
  issuer: member,
});
/** A key of a set. */
export type PublicKey = JWK & { issuer?: string };

/**
 * Reads a JWK Set (RFC 7517 §5). What is not a key, has members of the wrong type, or is a shared secret is left out.
 * @throws {RefusedInput} when the body is not a JWK Set at all
 */
export function readJwkSet(body: string): { keys: PublicKey[] } {
  const { keys } = parseJsonObject(body) ?? {};
  if (!Array.isArray(keys)) throw new RefusedInput('not a JWK Set');
  const read = keys.slice(0, MAX_KEYS).map((key) => PUBLIC_KEY.safeParse(key).data);
  return { keys: read.filter((key) => key !== undefined).map((key) => present(key) as PublicKey) };
}

function present(key: object): object {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
}
