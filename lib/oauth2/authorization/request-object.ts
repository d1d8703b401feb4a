import type { JWK } from 'jose';
import { issueRequestObject } from 'oauth4webapi';
import { formEntries } from '../../http/query.js';
import { ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { shown } from '../provider/failed-check.js';
import { readJwkSet } from '../provider/jwk-set.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';
import { loadJose } from '../wire/load-jose.js';
import type { WireParameters } from '../wire/parameters.js';

/** Returns the request as a signed JWT, so that it cannot be changed in the browser (RFC 9101 §5.1). */
export async function signedRequestObject(provider: Provider, parameters: WireParameters): Promise<WireParameters> {
  const { server, client, clientKeys, config } = provider;
  const key = await clientKeys.signingKey();
  const request = await issueRequestObject(server, client, formEntries(parameters), key);
  return {
    client_id: config.clientId,
    request: config.requestObjectEncryptionAlg
      ? await encrypt(provider, request, config.requestObjectEncryptionAlg)
      : request,
  };
}

/** Encrypts a signed request for the provider (RFC 9101 §4). `cty` declares that the content is a JWT (RFC 7519 §5.2). */
async function encrypt(provider: Provider, request: string, alg: string): Promise<string> {
  const { config, providerKeys } = provider;
  const response = await providerKeys.fetch(requireEndpoint(provider, 'jwks_uri'));
  const { keys } = readJwkSet(await response.text());
  const key = keys.find((jwk) => canEncrypt(jwk, alg));
  if (!key)
    throw new ProviderError({
      error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
      description: `${config.name}: the provider publishes no key for ${alg}. Check request_object_encryption_alg`,
    });
  const { CompactEncrypt, importJWK } = await loadJose();
  try {
    return await new CompactEncrypt(new TextEncoder().encode(request))
      .setProtectedHeader({ alg, enc: config.requestObjectEncryptionEnc, kid: key.kid, cty: 'JWT' })
      .encrypt(await importJWK(key, alg));
  } catch {
    throw new ProviderError({
      error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
      description:
        `${config.name}: the provider's key ${shown(key.kid)} cannot encrypt with ${alg} and ` +
        `${config.requestObjectEncryptionEnc}. Check request_object_encryption_alg and request_object_encryption_enc`,
    });
  }
}

function canEncrypt({ use, kty, alg }: JWK, wanted: string): boolean {
  if (use === 'sig' || (alg !== undefined && alg !== wanted)) return false;
  return wanted.startsWith('RSA') ? kty === 'RSA' : kty === 'EC' || kty === 'OKP';
}
