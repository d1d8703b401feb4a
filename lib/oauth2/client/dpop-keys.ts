import { randomUUID } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { readPrivateKey, type ClientKey } from '../../config/private-key.js';
import { InvalidTokenError } from '../../errors/oauth.errors.js';
import { BoundedMap } from '../../common/bounded-map.js';
import { sha256 } from '../../common/sha256.js';
import { loadJose } from '../wire/load-jose.js';
import { publicHalf } from './client-keys.js';

/** Maximum number of imported keys. The key of a user is needed again for the next call of the user. */
const MAX_KEYS = 1000;

/** Maximum number of servers whose nonce is remembered. */
const MAX_NONCES = 1000;
/** Characters of a nonce (RFC 9449 §8.1). */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/;

/** The request for which a proof is created. */
export interface ProofTarget {
  method: string;
  url: string;
  /** The access token of an API call. */
  accessToken?: string;
}

/** An imported key that tokens are bound to. */
export interface DpopKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly alg: string;
}

/** The keys that the tokens of a client are bound to (DPoP, RFC 9449), and the nonces that servers require in proofs. */
export class DpopKeys {
  readonly #config: OAuth2ClientConfig;
  readonly #ready = new BoundedMap<Promise<DpopKey>>(MAX_KEYS);
  /** The last nonce of each server, by its origin (RFC 9449 §8.2). */
  readonly #nonces = new BoundedMap<string>(MAX_NONCES);

  constructor(config: OAuth2ClientConfig) {
    this.#config = config;
  }

  /** Returns the private JWK for a login: `jwk`, the configured key, or a new key. Returns undefined if DPoP is off. */
  async keyFor(jwk?: JWK): Promise<JWK | undefined> {
    const { dpopBoundAccessTokens, dpopKey } = this.#config;
    if (!dpopBoundAccessTokens) return undefined;
    return jwk ?? dpopKey ?? newPrivateJwk();
  }

  /** Returns the thumbprint of a key (RFC 7638), for `dpop_jkt` (RFC 9449 §10). */
  async thumbprint(jwk: JWK): Promise<string> {
    const { calculateJwkThumbprint } = await loadJose();
    return calculateJwkThumbprint((await this.#keyOf(jwk)).publicJwk);
  }

  /** Returns a proof that the client has the key (RFC 9449 §4.2), with the server's nonce. */
  async proof(jwk: JWK, { method, url, accessToken }: ProofTarget, nonce: string | undefined): Promise<string> {
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
    const { SignJWT } = await loadJose();
    return new SignJWT(claims)
      .setIssuedAt()
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk })
      .sign(privateKey);
  }

  /** Returns the last nonce of a server (RFC 9449 §8.2). */
  nonceFor(origin: string): string | undefined {
    return this.#nonces.get(origin);
  }

  /** Keeps a nonce of a server for the next request. */
  keepNonce(origin: string, nonce: string): void {
    this.#nonces.set(origin, nonce);
  }

  #keyOf(jwk: JWK): Promise<DpopKey> {
    const name = `${jwk.kty} ${jwk.crv} ${jwk.x} ${jwk.y} ${jwk.n}`;
    const key = this.#ready.get(name) ?? this.#read(name, jwk);
    this.#ready.set(name, key); // moves the key to the end, so that it is evicted last
    return key;
  }

  /** Imports a key. Does not keep an invalid key, because the valid key may have an equal public half. */
  #read(name: string, jwk: JWK): Promise<DpopKey> {
    const key = readKey(jwk);
    key.catch(() => this.#ready.delete(name));
    return key;
  }
}

async function newPrivateJwk(): Promise<JWK> {
  const { exportJWK, generateKeyPair } = await loadJose();
  return exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
}

/** Returns the nonce in the headers of a response. Ignores an invalid nonce. */
export function readNonce(headers: Readonly<Record<string, unknown>>): string | undefined {
  const nonce = headers['dpop-nonce'];
  return typeof nonce === 'string' && NONCE.test(nonce) ? nonce : undefined;
}

/** @throws {InvalidTokenError} when the `dpopKey` of a stored token is not a private key */
async function readKey(jwk: JWK): Promise<DpopKey> {
  const { alg, ...found } = signingKeyIn(jwk);
  const { importJWK } = await loadJose();
  return { privateKey: (await importJWK(jwk, alg)) as CryptoKey, publicJwk: publicHalf(found), alg };
}

function signingKeyIn(jwk: JWK): ClientKey & { alg: string } {
  try {
    const { alg, ...found } = readPrivateKey(jwk);
    if (alg !== undefined && found.use !== 'enc') return { ...found, alg };
  } catch {
    // the error below covers this case
  }
  throw new InvalidTokenError({
    description:
      'the dpopKey of the token is no private JWK that signs; expected the dpopKey that the login returned. Store it unchanged with the token',
    status: 500,
  });
}
