import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { z } from 'zod';
import type { ClientCertificate } from '../http/connections.js';
import type { RequestParameters } from './client-settings.js';
import {
  p256Key,
  readPrivateKey,
  type ClientKey,
  type PrivateKeyEntry,
  type PrivateKeyMaterial,
  type PrivateKeys,
} from './private-key.js';
import { isSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithms.js';

const KEY_TYPES = '(RSA, EC P-256, P-384 or P-521, Ed25519, X25519)';

/** A string that may be empty. */
export const anyText = z.string('expected a string');
export const text = anyText.min(1, { error: 'must not be empty', abort: true });
/** Names of parameters of the callback. */
export const callbackNames = z
  .array(
    z.string('expected a string').regex(/^[\w.-]{1,100}$/, 'expected the name of a parameter, such as realmId'),
    'expected an array of parameter names',
  )
  .max(20, 'expected at most 20 parameter names');
export const flag = z.boolean('expected true or false');
export const url = text.refine(isHttpUrl, 'expected an absolute http or https URL');
export const uri = text.refine(
  (value) => URL.canParse(value) && !value.includes('#'),
  'expected an absolute URI without a fragment',
);
export const origin = url.refine(
  (value) => !URL.canParse(value) || new URL(value).origin === value.replace(/\/$/, ''),
  'expected an origin: only scheme, host and port',
);
/** Parameters by their wire names. */
export const parameters: z.ZodType<RequestParameters> = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], 'expected a string, a number or a boolean'),
  'expected an object of parameters',
);
export const challengeMethod = z.enum(['S256', 'none'], 'expected "S256" (RFC 7636 §4.2), or "none" to turn PKCE off');
export const signatureAlgorithm = z.custom<SignatureAlgorithm>(
  isSignatureAlgorithm,
  'expected an algorithm of signatures by private keys, such as RS256, PS256 or ES256',
);
export const certificate: z.ZodType<ClientCertificate> = z
  .strictObject(
    { cert: text, key: text, ca: text.optional() },
    'expected an object with a certificate and its key in PEM, { cert, key }',
  )
  .refine(isCertificate, 'not a usable certificate with its key, in PEM');

/** A private key, which becomes a private JWK. */
export const privateJwk = z
  .custom<PrivateKeyMaterial>()
  .transform(
    readBy(
      (given): JWK => readPrivateKey(given).key.export({ format: 'jwk' }),
      `not a usable private key: expected PEM, a JWK or a KeyObject ${KEY_TYPES}`,
    ),
  );
/** The client's private keys, or a function that returns them. */
export const privateKeys = z
  .custom<PrivateKeys>()
  .transform(
    readBy(
      readPrivateKeys,
      `expected private keys, each PEM, a JWK or a KeyObject ${KEY_TYPES}, or a function that returns them`,
    ),
  );
/** An EC P-256 private key in PEM. */
export const ecKey = z
  .string({
    error: ({ input }) => (input === undefined ? 'missing; give it, or private_key_file' : 'expected a string'),
  })
  .transform(readBy(p256Key, 'not an EC P-256 private key in PEM'));
/** An RSA private key in PEM. */
export const rsaKey = text.transform(readBy(readRsaKey, 'not a usable RSA private key in PEM'));

export function aFunction<T>(): z.ZodType<T> {
  return z.custom<T>((value) => typeof value === 'function', 'expected a function');
}

/** A duration in seconds, limited so that timers and sums of times do not overflow. */
export function seconds(most: number): z.ZodNumber {
  const error = `expected 0 to ${most} seconds`;
  return z.number('expected a number of seconds').min(0, error).max(most, error);
}

/** Returns whether a value is an absolute http or https URL. Refuses line breaks and tabs, which `URL` would drop. */
export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(value) && URL.canParse(value);
}

/** Reports `fault` when `read` throws, because the thrown error may quote a key. */
function readBy<Given, Read>(read: (value: Given) => Read, fault: string) {
  return (value: Given, context: z.RefinementCtx): Read => {
    try {
      return read(value);
    } catch {
      context.addIssue(fault);
      return z.NEVER;
    }
  };
}

function readPrivateKeys(given: PrivateKeys): readonly ClientKey[] | (() => Promise<readonly ClientKey[]>) {
  if (typeof given === 'function') return async () => (await given()).map(readPrivateKey);
  const keys: (PrivateKeyMaterial | PrivateKeyEntry)[] = [given].flat();
  if (keys.length === 0) throw new TypeError('no private key');
  return keys.map(readPrivateKey);
}

function readRsaKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('not an RSA key');
  return key;
}

function isCertificate({ cert, key }: ClientCertificate): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
