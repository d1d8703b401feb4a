import {
  deviceAuthorizationRequest,
  processDeviceAuthorizationResponse,
  type DeviceAuthorizationResponse,
} from 'oauth4webapi';
import { spaceSeparated, wireParameters } from '../authorization/authorization-params.js';
import { postForm } from '../provider/post-form.js';
import type { Provider } from '../provider/provider.js';
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

const ENDPOINT = {
  endpoint: 'device_authorization_endpoint',
  what: 'device authorization',
  send: deviceAuthorizationRequest,
  read: processDeviceAuthorizationResponse,
} as const;

/** Asks for a code that the user types elsewhere (RFC 8628 §3.1). */
export async function authorizeDevice(
  provider: Provider,
  { scope, resource, ...extra }: DeviceAuthorizationParams,
): Promise<DeviceAuthorization> {
  const { config } = provider;
  const parameters = {
    ...wireParameters(extra),
    scope: spaceSeparated(scope ?? config.scope),
    resource: resource ?? config.resource,
  };
  return new DeviceAuthorization(provider, await postForm(provider, ENDPOINT, parameters));
}
