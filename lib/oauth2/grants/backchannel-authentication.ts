import {
  backchannelAuthenticationRequest as send,
  processBackchannelAuthenticationResponse as read,
  type BackchannelAuthenticationResponse,
} from 'oauth4webapi';
import { scopeParameter, spaceSeparated, wireParameters } from '../wire/parameters.js';
import { unwrapIdToken } from '../openid/id-token.js';
import { postForm } from '../provider/post-form.js';
import type { Provider } from '../provider/provider.js';
import { PendingGrant, type Guard } from './pending-grant.js';
import { readPollingTerms } from './poll-for-token.js';

/** Parameters of a backchannel authentication request. Other keys are sent unchanged, as wire names. */
export interface BackchannelAuthenticationParams {
  /** @default the scope in the settings */
  scope?: string | string[];
  /** `login_hint`. One of the three hints is required. */
  loginHint?: string;
  /** `login_hint_token` */
  loginHintToken?: string;
  /** `id_token_hint` */
  idTokenHint?: string;
  /** `binding_message`: a message that both devices show, so that the user can match them. */
  bindingMessage?: string;
  /** `acr_values` */
  acrValues?: string | string[];
  /** `requested_expiry`, in seconds. */
  requestedExpiry?: number;
  [extra: string]: unknown;
}

const WIRE_NAMES = {
  loginHintToken: 'login_hint_token',
  bindingMessage: 'binding_message',
  requestedExpiry: 'requested_expiry',
};

/** A pending authentication on the user's device (OpenID Connect CIBA, poll mode). */
export class BackchannelAuthentication extends PendingGrant {
  /** @internal */
  constructor(provider: Provider, answer: BackchannelAuthenticationResponse, guard: Guard) {
    super(
      provider,
      guard,
      { grantType: 'urn:openid:params:grant-type:ciba', parameters: { auth_req_id: answer.auth_req_id } },
      answer,
    );
  }
}

const ENDPOINT = {
  endpoint: 'backchannel_authentication_endpoint',
  what: 'backchannel authentication',
  send,
  read,
  normalize: readPollingTerms,
} as const;

/** Requests the authentication of a user on the user's device (OpenID Connect CIBA §7). */
export async function backchannelAuthenticationRequest(
  provider: Provider,
  { scope, acrValues, idTokenHint, ...params }: BackchannelAuthenticationParams,
  guard: Guard,
): Promise<BackchannelAuthentication> {
  const { config, clientKeys } = provider;
  const parameters = {
    ...wireParameters(params, WIRE_NAMES),
    scope: scopeParameter(scope ?? config.scope, config.scopeSeparator),
    acr_values: spaceSeparated(acrValues),
    id_token_hint: idTokenHint && (await unwrapIdToken(clientKeys, idTokenHint)),
  };
  return new BackchannelAuthentication(provider, await postForm(provider, ENDPOINT, parameters), guard);
}
