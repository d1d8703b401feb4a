import {
  deviceAuthorizationRequest as send,
  processDeviceAuthorizationResponse as read,
  type DeviceAuthorizationResponse,
} from 'oauth4webapi';
import { isHttpUrl } from '../../config/value-schemas.js';
import { ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { scopeParameter, wireParameters } from '../wire/parameters.js';
import { postForm } from '../provider/post-form.js';
import type { Provider } from '../provider/provider.js';
import { PendingGrant, type Guard } from './pending-grant.js';
import { readPollingTerms } from './poll-for-token.js';

/** Parameters of a device authorization request. Other keys are sent unchanged, as wire names. */
export interface DeviceAuthorizationParams {
  /** @default the scope in the settings */
  scope?: string | string[];
  /** Requested resources (RFC 8707). @default the resources in the settings */
  resource?: string | string[];
  [extra: string]: unknown;
}

/** A pending login on another device (RFC 8628). Show the user the code and the URL, then call `wait()`. */
export class DeviceAuthorization extends PendingGrant {
  /** The code that the user enters. */
  readonly userCode: string;
  /** The URL at which the user enters the code. */
  readonly verificationUri: string;
  /** The URL including the code, for a link or a QR code. Undefined if the provider does not send it. */
  readonly verificationUriComplete?: string;

  /** @internal */
  constructor(provider: Provider, answer: DeviceAuthorizationResponse, guard: Guard) {
    super(
      provider,
      guard,
      { grantType: 'urn:ietf:params:oauth:grant-type:device_code', parameters: { device_code: answer.device_code } },
      answer,
    );
    this.userCode = answer.user_code;
    this.verificationUri = answer.verification_uri;
    this.verificationUriComplete = answer.verification_uri_complete;
  }
}

const SHORT_URI = /^[\x21-\x7e]{1,2048}$/;
const SHORT_CODE = /^[\x20-\x7e]{1,100}$/;

const ENDPOINT = {
  endpoint: 'device_authorization_endpoint',
  what: 'device authorization',
  send,
  read,
  normalize: normalizeDeviceResponse,
} as const;

/**
 * Returns the fields of a response with standard names and types. Reads names of drafts of RFC 8628, such as `verification_url`
 * (Google), and a `user_code` that is a number. A URL that is `null` or empty becomes absent.
 */
function normalizeDeviceResponse(fields: Record<string, unknown>): Record<string, unknown> {
  const { verification_url: url, verification_url_complete: complete, user_code: code } = fields;
  const { verification_uri: uri, verification_uri_complete: uriComplete, ...others } = fields;
  const link = isAbsent(uri) ? url : uri;
  const linkWithCode = isAbsent(uriComplete) ? complete : uriComplete;
  return {
    ...readPollingTerms(others),
    ...(!isAbsent(link) && { verification_uri: link }),
    ...(!isAbsent(linkWithCode) && { verification_uri_complete: linkWithCode }),
    ...(typeof code === 'number' && { user_code: String(code) }),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Requests a code that the user enters on another device (RFC 8628 §3.1). */
export async function deviceAuthorizationRequest(
  provider: Provider,
  { scope, resource, ...extra }: DeviceAuthorizationParams,
  guard: Guard,
): Promise<DeviceAuthorization> {
  const { config } = provider;
  const parameters = {
    ...wireParameters(extra),
    scope: scopeParameter(scope ?? config.scope, config.scopeSeparator),
    resource: resource ?? config.resource,
  };
  const answer = await postForm(provider, ENDPOINT, parameters);
  requireShowable(answer);
  return new DeviceAuthorization(provider, answer, guard);
}

/** @throws {ProviderError} when the code or a URI is not safe to show: applications turn the URI into a link */
function requireShowable({
  user_code: code,
  verification_uri: uri,
  verification_uri_complete: complete,
}: DeviceAuthorizationResponse): void {
  const isLink = [uri, complete ?? uri].every((link) => SHORT_URI.test(link) && isHttpUrl(link));
  if (isLink && SHORT_CODE.test(code)) return;
  throw new ProviderError({
    error: OAuthErrorCode.PROVIDER_ANSWER_INVALID,
    description:
      'answer to the device authorization request: expected a verification_uri of http or https with up to 2,048 ' +
      'characters, and a user_code with up to 100 visible characters. Check the device_authorization_endpoint',
  });
}
