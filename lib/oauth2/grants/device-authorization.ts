import {
  deviceAuthorizationRequest,
  processDeviceAuthorizationResponse,
  type DeviceAuthorizationResponse,
} from 'oauth4webapi';
import { formEntries } from '../../http/query.js';
import { spaceSeparated, wireParameters } from '../authorization/authorization-params.js';
import { refuseEndpointError } from '../provider/endpoint-error.js';
import { refusedAnswer } from '../provider/failed-check.js';
import { endpointOptions, requireEndpoint, type Provider } from '../provider/provider.js';
import { PendingGrant } from './pending-grant.js';

/** What a device asks for beyond the client's settings. Other keys are sent as they are. */
export interface DeviceAuthorizationParams {
  /** @default the configured one */
  scope?: string | string[];
  /** RFC 8707. @default the configured ones */
  resource?: string | string[];
  [extra: string]: unknown;
}

/** A login on another device (RFC 8628): show the user the code and where to type it, then wait. */
export class DeviceAuthorization extends PendingGrant {
  /** What the user types. */
  readonly userCode: string;
  /** Where the user types it. */
  readonly verificationUri: string;
  /** The same with the code in it, for a link or a QR code; not every provider has it. */
  readonly verificationUriComplete?: string;

  /** @internal */
  constructor(provider: Provider, answer: DeviceAuthorizationResponse) {
    super(
      provider,
      { grantType: 'urn:ietf:params:oauth:grant-type:device_code', parameters: { device_code: answer.device_code } },
      answer,
    );
    this.userCode = answer.user_code;
    this.verificationUri = answer.verification_uri;
    this.verificationUriComplete = answer.verification_uri_complete;
  }
}

/** Asks for a code that the user types elsewhere (RFC 8628 §3.1). */
export async function authorizeDevice(
  provider: Provider,
  { scope, resource, ...extra }: DeviceAuthorizationParams,
): Promise<DeviceAuthorization> {
  const { server, client, authentication, config } = provider;
  requireEndpoint(provider, 'device_authorization_endpoint');
  const parameters = {
    ...wireParameters(extra),
    scope: spaceSeparated(scope ?? config.scope),
    resource: resource ?? config.resource,
  };
  const form = new URLSearchParams(formEntries(parameters));
  try {
    const options = endpointOptions(provider, { response: refuseEndpointError });
    const response = await deviceAuthorizationRequest(server, client, authentication, form, options);
    return new DeviceAuthorization(provider, await processDeviceAuthorizationResponse(server, client, response));
  } catch (error) {
    throw refusedAnswer(error, 'answer to the device authorization request');
  }
}
