import type { JWK } from 'jose';
import { z } from 'zod';
import { parseJsonObject } from '../wire/json.js';
import { RefusedInput } from '../wire/refused-input.js';

/** Maximum number of keys in a set. */
const MAX_KEYS = 100;
/** Maximum length of a member of a key, in characters: more than a key of 16,384 bits needs. */
const MAX_LENGTH = 8192;

const text = z.string().max(MAX_LENGTH);
/** `null` and an empty string become absent, because some servers send every member. */
const member = text.nullish().transform((value) => (value === null || value === '' ? undefined : value));

/** A public key. Drops unused members, including private members. */
const PUBLIC_KEY = z.object({
  kty: text.refine((kty) => kty !== 'oct'),
  /** Some servers send a number. */
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
  /** The issuer whose tokens the key signs, if a set has keys of several issuers (Microsoft). */
  issuer: member,
});
/** A key of a JWK Set. */
export type PublicKey = JWK & { issuer?: string };

/**
 * Returns the public keys of a JWK Set (RFC 7517 §5). Drops invalid keys, keys with members of the wrong type, and shared secrets.
 * @throws {RefusedInput} when the body is not a JWK Set
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
