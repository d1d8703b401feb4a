import type { OAuth1ClientConfig } from '../config/client-config.js';
import type { OAuth1Credentials } from '../oauth1/sign-request.js';

/** Returns the credentials with which a request is signed: those of the client, and those of a token. */
export function oauth1Credentials(
  config: OAuth1ClientConfig,
  additional: Partial<OAuth1Credentials>,
): OAuth1Credentials {
  const { clientId, clientSecret = '', signatureMethod, signatureType, rsaKey, realm, forceIncludeBody } = config;
  return {
    clientId,
    clientSecret,
    signatureMethod,
    signatureMethods: config.compliance.signatureMethods,
    signatureType,
    rsaKey,
    realm,
    forceIncludeBody,
    ...additional,
  };
}
