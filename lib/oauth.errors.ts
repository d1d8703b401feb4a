import { HttpException } from '@nestjs/common';
import { browserMessage, type ErrorBody } from './browser-message.js';
import { redact } from './redaction.js';

/** What an {@link OAuthError} is made of, beyond its code. */
export interface OAuthErrorOptions {
  /** For the developer, in the log: what happened, what was expected, and what to do. Never a secret, a token or a code. */
  description?: string;
  /** Whether the description is the provider's own text, which may say anything and is kept out of the log. */
  isQuoted?: boolean;
  /** `error_uri` of the provider: a page about the error. */
  uri?: string;
  /** HTTP status that Nest answers with when nobody catches the error. */
  status?: number;
  /** The error underneath, already redacted. */
  cause?: unknown;
}

/**
 * Anything that goes wrong in a login, a token request or an API call.
 *
 * It is an `HttpException`: uncaught, it answers with its status and `{ error, error_description }`. The browser gets a fixed
 * sentence; `description` is for the log, and reaches the browser only if `exposeErrors` is on. Catch the error and its
 * kinds with `@Catch(OAuthError)`.
 */
export class OAuthError extends HttpException {
  /** Error code: the provider's own (RFC 6749 §4.1.2.1 and §5.2), or one of this library's. */
  readonly error: string;
  /** `error_description`, or this library's explanation. Not for browsers: a provider may have quoted anything in it. */
  readonly description?: string;
  /** `error_uri` of the provider. */
  readonly uri?: string;
  /** Undefined until an app has said so: then as by default. */
  #isExposed?: boolean;
  readonly #isQuoted: boolean;

  constructor(error: string, options: OAuthErrorOptions = {}) {
    const { description, isQuoted = false, uri, status = 400, cause } = options;
    super(browserMessage(error, status), status, { cause });
    this.name = new.target.name;
    this.message = description ? `${error}: ${description}` : error;
    this.error = error;
    this.description = description;
    this.uri = uri;
    this.#isQuoted = isQuoted;
  }

  /** @internal What the log shows beside the code. */
  get logDescription(): string | undefined {
    return this.#isQuoted ? undefined : this.description;
  }

  /** The body of the answer: for the browser, and with `exposeErrors` for the developer. */
  override getResponse(): ErrorBody {
    if (!(this.#isExposed ?? exposesErrors())) return browserMessage(this.error, this.getStatus());
    return { error: this.error, error_description: this.description, ...(this.uri && { error_uri: this.uri }) };
  }

  /** @internal Applies the module's `exposeErrors`. */
  exposeWhen(exposeErrors: boolean | undefined): this {
    this.#isExposed ??= exposeErrors;
    return this;
  }

  /** @internal Takes values that were sent to a provider out of what it answered. */
  redact(values: readonly string[]): this {
    const { message, description, uri } = this;
    const redacted = (text: string | undefined): string | undefined => text && redact(text, values);
    Object.assign(this, { message: redact(message, values), description: redacted(description), uri: redacted(uri) });
    this.stack = redacted(this.stack);
    return this;
  }
}

/** By default, browsers see descriptions unless the application is in production. */
function exposesErrors(): boolean {
  return process.env.NODE_ENV !== 'production';
}

/** Why a callback's state was refused; see {@link MismatchingStateError}. */
export type MismatchingStateReason = 'no_session' | 'unknown_state' | 'expired_state' | 'used_state';

const STATE_ADVICE: Record<MismatchingStateReason, string> = {
  no_session:
    'the callback came without the session that began the login, or without the cookie that the login has for itself, ' +
    'for 10 minutes, or an hour in a session. The cookie was lost on the way: check its `SameSite` (a form POST callback needs ' +
    '`SameSite=None; Secure`), `Secure` (needs https, and `trust proxy` behind a proxy), its domain, and that login and ' +
    'callback are on the same host.',
  unknown_state:
    'this browser has no pending login with this state. The link was opened in another browser, was not begun here, or ' +
    'was pushed out by newer logins. Start the login again.',
  expired_state:
    'the login was begun too long ago: it waits for an hour in a session, and for 10 minutes elsewhere. ' +
    'Start the login again.',
  used_state: 'this login was already finished: the callback page was reloaded or opened twice. Start the login again.',
};

/** The callback does not belong to a login, or logout, that this browser has pending (RFC 6749 §10.12: CSRF). Status 400. */
export class MismatchingStateError extends OAuthError {
  constructor(
    /** Which of the four ways it went wrong. */
    readonly reason: MismatchingStateReason,
    what: 'login' | 'logout' = 'login',
  ) {
    super('mismatching_state', { description: STATE_ADVICE[reason].replaceAll('login', what), status: 400 });
  }
}

/** An OAuth 1 access token was asked for without the request token that precedes it (RFC 5849 §2.3). Status 400. */
export class MissingRequestTokenError extends OAuthError {
  constructor(options: OAuthErrorOptions = {}) {
    super('missing_request_token', {
      description: 'no request token: pass the one that `createAuthorizationUrl()` returned.',
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

/** The value is not a valid token: the provider's answer (status 502), or what `fetchToken` gave (status 500). */
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

/** What the provider answered, for {@link ProviderError}. */
export interface ProviderAnswer {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  data: unknown;
}

/** What a {@link ProviderError} is made of. */
export interface ProviderErrorOptions extends OAuthErrorOptions {
  error?: string;
  /** The answer, for code that catches the error. */
  answer?: ProviderAnswer;
  /** The answer without its body. */
  answered?: Pick<ProviderAnswer, 'status' | 'headers'>;
  /** Seconds, where no answer says when to try again. */
  retryAfter?: number;
}

/** Codes of a provider that may recover (RFC 6749 §4.1.2.1). */
const TEMPORARY = ['server_error', 'temporarily_unavailable'];
const NO_ANSWER: Pick<ProviderAnswer, 'status' | 'headers'> = { status: 503, headers: {} };

/**
 * The provider failed: an answer that is not a success (status 502), none in time (status 504), or no connection (502).
 * `cause` is the HTTP client's error, without headers, body or query.
 */
export class ProviderError extends OAuthError {
  /** Whether a retry may succeed: there was no answer, or the server was unavailable or overloaded (5xx, 429). */
  readonly isTemporary: boolean;
  /** `Retry-After` of the answer (RFC 9110 §10.2.3), in seconds. */
  readonly retryAfter?: number;
  readonly #answer?: ProviderAnswer;

  constructor(options: ProviderErrorOptions) {
    const { error = 'provider_error', answer, answered: { status, headers } = answer ?? NO_ANSWER } = options;
    super(error, { status: 502, ...options });
    this.#answer = answer;
    this.isTemporary = status >= 500 || status === 429 || TEMPORARY.includes(error);
    this.retryAfter = options.retryAfter ?? secondsOf(headers['retry-after']);
  }

  /** The provider's answer to an API call, where there was one. A getter, so that no log shows its body. */
  get answer(): ProviderAnswer | undefined {
    return this.#answer;
  }
}

/** The configuration cannot work. Thrown at start-up with every fault of every client. Status 500. */
export class OAuthConfigError extends OAuthError {
  constructor(
    /** One sentence a fault, beginning with the client's name and key. Never a value that could be a secret. */
    readonly faults: readonly string[],
    cause?: Error,
  ) {
    super('invalid_configuration', {
      cause,
      description: faults.length === 1 ? faults[0] : `\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      status: 500,
    });
  }
}

/** Seconds, or a date (RFC 9110 §10.2.3). */
function secondsOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
