import { nowInSeconds } from '../../common/now-in-seconds.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { loadJose } from '../wire/load-jose.js';

/** How long a signed secret is valid, in seconds. */
const LIFETIME_S = 300;
/** How long a signed secret is used, in seconds. The rest of its lifetime is for a provider whose clock is ahead. */
const USE_S = 120;
/** How far `iat` is in the past, in seconds, for a provider whose clock is behind. */
const BACKDATED_S = 60;

/** The client secret: the configured one, or a JWT that is signed when it is needed (Sign in with Apple). */
export class ClientSecret {
  readonly #config: OAuth2ClientConfig;
  #signed?: { jwt: string; at: number };

  constructor(config: OAuth2ClientConfig) {
    this.#config = config;
  }

  /** Returns the client secret, or an empty string if the client does not have one. */
  async current(): Promise<string> {
    const { clientSecretJwt, clientSecret = '' } = this.#config;
    if (!clientSecretJwt) return clientSecret;
    const now = nowInSeconds();
    // not used if the clock was set back since then: it could be from the future
    if (this.#signed && this.#signed.at <= now && now < this.#signed.at + USE_S) return this.#signed.jwt;
    const { teamId, keyId, privateKey, audience } = clientSecretJwt;
    const { SignJWT } = await loadJose();
    const jwt = await new SignJWT({
      iss: teamId,
      sub: this.#config.clientId,
      aud: audience,
      iat: now - BACKDATED_S,
      exp: now + LIFETIME_S,
    })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .sign(privateKey);
    this.#signed = { jwt, at: now };
    return jwt;
  }
}
