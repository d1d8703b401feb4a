/** The properties of a signature algorithm. */
interface Algorithm {
  /** The key type, and below it the curve (RFC 7518 §6, RFC 8037 §2). */
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP';
  readonly crv?: string;
  /** The hash function of `at_hash` (OpenID Connect Core §3.1.3.6). For ML-DSA, SHAKE256 with 512 bits. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | 'shake256';
}

/** The signature algorithms with a private key (RFC 7518 §3.1, RFC 8037, RFC 9864, ML-DSA). Excludes `none` and HMAC. */
export const SIGNATURE_ALGORITHMS = algorithms({
  RS256: { kty: 'RSA', hash: 'sha256' },
  RS384: { kty: 'RSA', hash: 'sha384' },
  RS512: { kty: 'RSA', hash: 'sha512' },
  PS256: { kty: 'RSA', hash: 'sha256' },
  PS384: { kty: 'RSA', hash: 'sha384' },
  PS512: { kty: 'RSA', hash: 'sha512' },
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384' },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', hash: 'sha512' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', hash: 'sha512' },
  'ML-DSA-44': { kty: 'AKP', hash: 'shake256' },
  'ML-DSA-65': { kty: 'AKP', hash: 'shake256' },
  'ML-DSA-87': { kty: 'AKP', hash: 'shake256' },
});

export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;

export function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return typeof alg === 'string' && Object.hasOwn(SIGNATURE_ALGORITHMS, alg);
}

function algorithms<Name extends string>(all: Readonly<Record<Name, Algorithm>>) {
  return all;
}
