import { SignJWT } from 'jose';
import type { Provider } from '../provider/provider.js';
import { assertionAudience } from './client-authentication.js';

/** A statement that the client signs with its own key (RFC 7523 §3), good for a minute. */
export async function clientAssertion(
  { config, server, clientKeys }: Pick<Provider, 'config' | 'server' | 'clientKeys'>,
  claims: Record<string, unknown>,
): Promise<string> {
  const { key, kid, alg } = await clientKeys.signingKey();
  const now = Math.floor(Date.now() / 1000);
  const standard = {
    iss: config.clientId,
    aud: assertionAudience(config, server),
    iat: now,
    exp: now + 60,
    jti: crypto.randomUUID(),
  };
  return new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key);
}
