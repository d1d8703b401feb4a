import { randomUUID, type JsonWebKey } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { readPrivateKey, type ClientKey } from '../../config/private-key.js';
import { InvalidTokenError } from '../../errors/oauth.errors.js';
import { BoundedMap } from '../../common/bounded-map.js';
import { sha256 } from '../../common/sha256.js';
import { publicHalf } from './client-keys.js';

/** Keys that are kept ready; a user's is needed again with the user's next call. */
const MAX_KEYS = 1000;

/** How many servers' nonces are remembered. */
const MAX_NONCES = 1000;
/** Characters of a nonce (RFC 9449 §8.1). */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/;

/** A request that a proof is for. */
export interface ProofTarget {
  method: string;
  url: string;
  /** The access token that goes with it, in an API call. */
  accessToken?: string;
}

/** A key that tokens are bound to, ready to sign. */
export interface DpopKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly alg: string;
}

/** The keys that the tokens of one client are bound to (DPoP, RFC 9449), and the nonces that servers want in proofs. */
export class DpopKeys {
  readonly #config: OAuth2ClientConfig;
  readonly #ready = new BoundedMap<Promise<DpopKey>>(MAX_KEYS);
  /** The last nonce of each server, by its origin (RFC 9449 §8.2). */
  readonly #nonces = new BoundedMap<string>(MAX_NONCES);

  constructor(config: OAuth2ClientConfig) {
    this.#config = config;
  }

  /** The key of one login, as a private JWK, where DPoP is on: the one given, the configured one, or a new one. */
  async keyFor(given?: JsonWebKey): Promise<JsonWebKey | undefined> {
    const { dpopBoundAccessTokens, dpopKey } = this.#config;
    if (!dpopBoundAccessTokens) return undefined;
    return given ?? dpopKey ?? exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
  }

  /** RFC 7638, for `dpop_jkt`. */
  async thumbprint(jwk: JsonWebKey): Promise<string> {
    return calculateJwkThumbprint((await this.#keyOf(jwk)).publicJwk);
  }

  /** A proof that the client has the key (RFC 9449 §4.2), with a nonce of the server's. */
  async proof(jwk: JsonWebKey, { method, url, accessToken }: ProofTarget, nonce: string | undefined): Promise<string> {
    const { privateKey, publicJwk, alg } = await this.#keyOf(jwk);
    const { origin, pathname } = new URL(url);
    const ath = accessToken && sha256(accessToken);
    const claims = {
      jti: randomUUID(),
      htm: method,
      htu: origin + pathname,
      ...(nonce && { nonce }),
      ...(ath && { ath }),
    };
    return new SignJWT(claims)
      .setIssuedAt()
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk })
      .sign(privateKey);
  }

  /** Returns the nonce that a server gave last (RFC 9449 §8.2). */
  nonceFor(origin: string): string | undefined {
    return this.#nonces.get(origin);
  }

  /** Keeps the nonce that a server gave, for the next request. */
  keepNonce(origin: string, nonce: string): void {
    this.#nonces.set(origin, nonce);
  }

  #keyOf(jwk: JsonWebKey): Promise<DpopKey> {
    const name = `${jwk.kty} ${jwk.crv} ${jwk.x} ${jwk.y} ${jwk.n}`;
    const key = this.#ready.get(name) ?? this.#read(name, jwk);
    this.#ready.set(name, key); // evicted last
    return key;
  }

  /** A key that is none is not kept: the right one may have the same public half. */
  #read(name: string, jwk: JsonWebKey): Promise<DpopKey> {
    const key = readKey(jwk);
    key.catch(() => this.#ready.delete(name));
    return key;
  }
}

/** Returns the nonce in the headers of an answer. What cannot be a nonce is ignored. */
export function readNonce(headers: Readonly<Record<string, unknown>>): string | undefined {
  const nonce = headers['dpop-nonce'];
  return typeof nonce === 'string' && NONCE.test(nonce) ? nonce : undefined;
}

/** @throws {InvalidTokenError} when what the token store kept is no private key */
async function readKey(jwk: JsonWebKey): Promise<DpopKey> {
  const { alg, ...found } = signingKeyIn(jwk);
  return { privateKey: (await importJWK(jwk as JWK, alg)) as CryptoKey, publicJwk: publicHalf(found), alg };
}

function signingKeyIn(jwk: JsonWebKey): ClientKey & { alg: string } {
  try {
    const { alg, ...found } = readPrivateKey(jwk);
    if (alg !== undefined && found.use !== 'enc') return { ...found, alg };
  } catch {
    // the reason is the same
  }
  throw new InvalidTokenError({ description: 'the dpopKey of the token is no private JWK that signs', status: 500 });
}
