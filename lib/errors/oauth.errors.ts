import { OAuthErrorCode } from './error-codes.js';
import type { LogFields } from '../common/log.js';
import { OAuthError, type OAuthErrorOptions } from './oauth-error.js';
import { providerErrorCode } from './provider-error-code.js';

export { OAuthErrorCode } from './error-codes.js';
export { OAuthError, type OAuthErrorOptions } from './oauth-error.js';

/** Why a callback's state was refused; see {@link MismatchingStateError}. */
export type MismatchingStateReason = 'missing_state' | 'no_session' | 'unknown_state' | 'expired_state' | 'used_state';

const STATE_ADVICE: Record<MismatchingStateReason, string> = {
  missing_state:
    'the callback has no state, so there is no pending login with this state. Some providers send such a callback ' +
    'without a login, as GitHub does after the installation of an App (`setup_action`). Other providers drop the state, or ' +
    'put the response into the fragment of the URL, which no server receives. Send the user to the route that begins the login.',
  no_session:
    'the callback came without the session that began the login, or without the cookie that the login has for itself, ' +
    'which is valid for 10 minutes (an hour in a session). Either the browser did not send the cookie: check its `SameSite` ' +
    '(`Strict` keeps it from every callback, and a form POST callback needs `SameSite=None; Secure`), `Secure` (needs https, ' +
    'and `trust proxy` behind a proxy), its domain, and that login and callback are on the same host. Or the session store ' +
    'lost the session: one in memory forgets all sessions when the process restarts, and does not share them with other processes.',
  unknown_state:
    'this browser has no pending login with this state. The login was started in another browser, was not started here, or ' +
    'was replaced by newer logins. Start the login again.',
  expired_state:
    'the login was begun too long ago: it is valid for an hour in a session, and for 10 minutes in other state stores. ' +
    'Start the login again.',
  used_state: 'this login was already finished: the callback page was reloaded or opened twice. Start the login again.',
};

/** The callback does not match a pending login or logout of this browser (CSRF; RFC 6749 §10.12). Status 400. */
export class MismatchingStateError extends OAuthError {
  constructor(
    /** Why the state was refused. */
    readonly reason: MismatchingStateReason,
    what: 'login' | 'logout' = 'login',
  ) {
    super('mismatching_state', { description: STATE_ADVICE[reason].replaceAll('login', what), status: 400 });
  }

  /** @internal */
  protected override logFields(): LogFields {
    const { error, ...others } = super.logFields();
    return { error, reason: this.reason, ...others };
  }
}

/** An OAuth 1 access token was requested without a request token (RFC 5849 §2.3). Status 400. */
export class MissingRequestTokenError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('missing_request_token', {
      description:
        'no request token was passed; expected the request token that `createAuthorizationUrl()` returned. Pass it as `requestToken`.',
      ...options,
    });
  }
}

/** An API call found no token for the user: none was passed, and `fetchToken` or the `tokenStore` has none. Status 401. */
export class MissingTokenError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('missing_token', { status: 401, ...options });
  }
}

/** The token is expired and cannot be refreshed: the user must sign in again. Status 401. */
export class TokenExpiredError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('token_expired', { status: 401, ...options });
  }
}

/**
 * The provider no longer accepts the refresh token (`invalid_grant`): the user revoked the grant, was signed out, or the
 * token was used twice. The user must sign in again. Status 401.
 */
export class TokenRevokedError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('token_revoked', { status: 401, ...options });
  }
}

/** A token is not valid: the token in the provider's response (status 502), or the token that `fetchToken` returned (status 500). */
export class InvalidTokenError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('token_invalid', { status: 502, ...options });
  }
}

/** This library does not support the token's type (RFC 6749 §7.1). Status 502. */
export class UnsupportedTokenTypeError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('unsupported_token_type', { status: 502, ...options });
  }
}

/** The provider's HTTP response, for {@link ProviderError}. */
export interface ProviderAnswer {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  data: unknown;
}

/** Options of a {@link ProviderError}. */
export interface ProviderErrorOptions extends OAuthErrorOptions {
  /** The provider's error code. @default the {@link OAuthErrorCode} for the cause */
  error?: string;
  /** The provider's response, for code that catches the error. */
  answer?: ProviderAnswer;
  /** The provider's response without its body. */
  answered?: Pick<ProviderAnswer, 'status' | 'headers'>;
  /** Seconds until a retry is useful. @default the `Retry-After` of the response */
  retryAfter?: number;
}

/** Statuses of temporary failures, besides 5xx. */
const TEMPORARY_STATUSES = [408, 429];
/** Codes of temporary failures (RFC 6749 §4.1.2.1). */
const TEMPORARY = ['server_error', 'temporarily_unavailable'];

/**
 * A request to the provider failed: the response is not a success (status 502), there was no connection (502), or the
 * provider did not respond in time (504). `cause` is the HTTP client's error, without headers, body or query.
 */
export class ProviderError extends OAuthError {
  /** Whether a retry may succeed: the server did not respond, or was unavailable, overloaded or too slow (5xx, 429, 408). */
  readonly isTemporary: boolean;
  /** `Retry-After` of the response (RFC 9110 §10.2.3), in seconds. */
  readonly retryAfter?: number;
  readonly #answer?: ProviderAnswer;

  constructor(options: ProviderErrorOptions) {
    const { answer, answered = answer, status = 502, cause } = options;
    const { error = providerErrorCode({ answered: answered?.status, status, cause }) } = options;
    super(error, { ...options, status, answered });
    this.#answer = answer;
    const isStatusTemporary = !answered || answered.status >= 500 || TEMPORARY_STATUSES.includes(answered.status);
    this.isTemporary =
      TEMPORARY.includes(error) || (isStatusTemporary && error !== OAuthErrorCode.PROVIDER_UNSUPPORTED);
    this.retryAfter = options.retryAfter ?? secondsOf(answered?.headers['retry-after']);
  }

  /** The response to an API call. Undefined if there was no response. A getter, so that a logger does not print the body. */
  get answer(): ProviderAnswer | undefined {
    return this.#answer;
  }
}

/** The configuration is not valid. Thrown at start-up, with every fault of every client. Status 500. */
export class OAuthConfigError extends OAuthError {
  constructor(
    /** One sentence per fault. A sentence begins with the client's name and key, and never contains a value that could be a secret. */
    readonly faults: readonly string[],
    cause?: Error,
  ) {
    super('invalid_configuration', {
      cause,
      description: faults.length === 1 ? faults[0] : `\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      status: 500,
    });
    // Node prints every enumerable property of an uncaught error, and each property would repeat the faults.
    for (const key of Object.keys(this)) Object.defineProperty(this, key, { enumerable: false });
  }

  /**
   * @internal Returns the text that Node and Nest's logger print: every fault once, and the stack of the cause, which shows
   * where a function of the settings threw.
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { stack } = this.cause instanceof Error ? this.cause : {};
    return `${this.name}: ${this.message}${stack ? `\n[cause]: ${stack}` : ''}`;
  }
}

/** @throws {OAuthConfigError} when there are faults */
export function throwFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new OAuthConfigError(faults);
}

/**
 * The provider registered the client, but the settings do not work with the registration. `registered` contains the
 * credentials, which the provider sends only once: save them. Status 500.
 */
export class UnusableRegistrationError extends OAuthConfigError {
  readonly #registered: Readonly<Record<string, unknown>>;

  constructor(faults: readonly string[], registered: Readonly<Record<string, unknown>>) {
    super(faults);
    this.#registered = registered;
  }

  /** The provider's registration response (RFC 7591 §3.2.1). A getter, so that a logger does not print its secrets. */
  get registered(): Readonly<Record<string, unknown>> {
    return this.#registered;
  }
}

/** Returns a `Retry-After`, which is a number of seconds or a date (RFC 9110 §10.2.3), in seconds. */
function secondsOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
