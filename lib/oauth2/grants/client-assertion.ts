import { nowInSeconds } from '../../common/now-in-seconds.js';
import { assertionAudience, type Provider } from '../provider/provider.js';
import { loadJose } from '../wire/load-jose.js';

/** Returns an assertion for the token endpoint, signed with the client's key (RFC 7523 §3). It is valid for 60 seconds. */
export async function clientAssertion(provider: Provider, claims: Record<string, unknown>): Promise<string> {
  const { config, clientKeys } = provider;
  const { key, kid, alg } = await clientKeys.signingKey();
  const now = nowInSeconds();
  const standard = {
    iss: config.clientId,
    aud: assertionAudience(provider, 'token_endpoint'),
    iat: now,
    exp: now + 60,
    jti: crypto.randomUUID(),
  };
  const { SignJWT } = await loadJose();
  return new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key);
}
