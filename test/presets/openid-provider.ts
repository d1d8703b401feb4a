import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Received, Reply } from './internet.js';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const JWKS = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] };
const TENANT = '11111111-2222-3333-4444-555555555555';

/** What a provider of OpenID Connect needs to know about its preset. */
export interface OpenIdOptions {
  clientId: string;
  clientSecret: string;
  /** The issuer of the preset. */
  issuer: string;
  /** The URL of the metadata, if it is not the well-known URL. */
  metadataUrl?: string;
  isMultiTenant?: boolean;
  /** Whether id_tokens are signed with the client secret. */
  signsWithSecret?: boolean;
  /** Whether id_tokens have no nonce. */
  omitsNonce?: boolean;
}

/** The metadata, the keys and the id_tokens of a provider of OpenID Connect. */
export class OpenIdProvider {
  readonly #options: OpenIdOptions;
  readonly endpoints: Record<'authorize' | 'token' | 'userinfo' | 'jwks', string>;

  constructor(options: OpenIdOptions) {
    this.#options = options;
    const base = options.issuer.replace(/\/$/, '');
    const { origin } = new URL(base);
    this.endpoints = {
      authorize: `${base}/the-authorize`,
      token: `${origin}/the-token`,
      userinfo: `${origin}/the-userinfo`,
      jwks: `${origin}/the-jwks`,
    };
  }

  /** Returns the metadata or the keys. */
  answer({ url }: Received): Reply | undefined {
    const { issuer, metadataUrl, isMultiTenant, signsWithSecret } = this.#options;
    const wellKnown = metadataUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    if (url === this.endpoints.jwks) return { body: JWKS };
    if (url !== wellKnown) return undefined;
    const body = {
      issuer: isMultiTenant ? tenantIssuer(issuer, '{tenantid}') : issuer,
      authorization_endpoint: this.endpoints.authorize,
      token_endpoint: this.endpoints.token,
      userinfo_endpoint: this.endpoints.userinfo,
      jwks_uri: this.endpoints.jwks,
      id_token_signing_alg_values_supported: [signsWithSecret ? 'HS256' : 'RS256'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    };
    return { body };
  }

  /** Returns a signed id_token. */
  async idToken(claims: Record<string, unknown>, nonce: string | undefined, accessToken: string): Promise<string> {
    const { issuer, isMultiTenant, signsWithSecret, omitsNonce, clientId, clientSecret } = this.#options;
    const digest = createHash('sha256').update(accessToken).digest();
    const body = {
      at_hash: digest.subarray(0, 16).toString('base64url'),
      ...(isMultiTenant && { tid: TENANT }),
      ...(!omitsNonce && { nonce }),
      ...claims,
    };
    const jwt = new SignJWT(body)
      .setProtectedHeader(signsWithSecret ? { alg: 'HS256' } : { alg: 'RS256', kid: 'k' })
      .setIssuer(isMultiTenant ? tenantIssuer(issuer, TENANT) : issuer)
      .setAudience(clientId)
      .setIssuedAt()
      .setExpirationTime('5m');
    return jwt.sign(signsWithSecret ? Buffer.from(clientSecret) : privateKey);
  }
}

/** Replaces the tenant in an issuer of Microsoft. */
function tenantIssuer(issuer: string, tenant: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/${tenant}/${pathname.split('/').slice(2).join('/')}`;
}
