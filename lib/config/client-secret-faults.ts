import { CLIENT_AUTH_METHODS, isClientAuthMethod } from './client-auth-methods.js';
import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

/** Returns the faults of settings that replace the client secret, and of settings that need it. */
export function clientSecretFaults(settings: Settings): string[] {
  const { callbackSignature, clientSecret } = settings;
  const needsSecret = callbackSignature !== undefined && (clientSecret ?? '') === '';
  return [
    ...(needsSecret ? ['client_secret: missing; callback_signature is checked with it'] : []),
    ...secretJwtFaults(settings),
  ];
}

function secretJwtFaults({ clientSecretJwt, clientSecret, clientKwargs }: Settings): string[] {
  if (clientSecretJwt === undefined) return [];
  const method = isRecord(clientKwargs) ? clientKwargs.tokenEndpointAuthMethod : undefined;
  const sendsSecret = isClientAuthMethod(method) && CLIENT_AUTH_METHODS[method].sendsSecret === true;
  return [
    ...((clientSecret ?? '') === ''
      ? []
      : ['client_secret: contradicts client_secret_jwt, which replaces it. Remove one']),
    ...(method === undefined || sendsSecret
      ? []
      : [
          'client_kwargs.token_endpoint_auth_method: does not send a client secret; client_secret_jwt requires ' +
            'client_secret_post, which is the default, or client_secret_basic',
        ]),
  ];
}
