import { randomInt } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { publicCode, sentenceFor, type ErrorBody } from './browser-message.js';
import { logEvent, type LogFields, type LogLevel } from './log.js';
import { ProviderErrorCode, providerErrorCode } from './provider-error-code.js';
import { redactorOf } from './redaction.js';

export { ProviderErrorCode } from './provider-error-code.js';

/** What an {@link OAuthError} is made of, beyond its code. */
export interface OAuthErrorOptions {
  /** For the developer, in the log: what happened, what was expected, and what to do. Never a secret, a token or a code. */
  description?: string;
  /** What the log shows instead of a description that names a user. */
  logDescription?: string;
  /** What the API, the provider or a store said, already redacted: for the log only, since it may name a user. */
  detail?: string;
  /** `error_uri` of the provider: a page about the error. */
  uri?: string;
  /** HTTP status that Nest answers with when nobody catches the error. */
  status?: number;
  /** The error underneath, already redacted. */
  cause?: unknown;
  /** The provider's answer without its body. */
  answered?: Pick<ProviderAnswer, 'status'>;
}

/** What was attempted when an error occurred, for its line in the log. */
export interface FailedStep {
  /** The verb phrase that the line begins with. */
  event?: string;
  /** The client's name. */
  client?: string;
  /** A stable name of the step, such as `api_call`. */
  step?: string;
}

/**
 * Anything that goes wrong in a login, a token request or an API call.
 *
 * It is an `HttpException`: uncaught, it answers with its status and `{ error, error_description, reference }`. The browser
 * gets a fixed sentence (`userMessage`); `description` is for the log, and reaches the browser only if `exposeErrors` is on.
 * Catch the error and its kinds with `@Catch(OAuthError)`.
 */
export class OAuthError extends HttpException {
  /** Error code: the provider's own (RFC 6749 §4.1.2.1 and §5.2), or one of this library's. */
  readonly error: string;
  /** `error_description`, or this library's explanation. Not for browsers: a provider may have quoted anything in it. */
  readonly description?: string;
  /** `error_uri` of the provider. */
  readonly uri?: string;
  /** A sentence that an end user may read. */
  readonly userMessage: string;
  /** A random string that stands in the answer to the browser and in the error's line of the log. */
  readonly reference: string;
  /** HTTP status of the provider's answer, where there was one. */
  readonly providerStatus?: number;
  /** Undefined until an app sets it; then the default applies. */
  #isExposed?: boolean;
  #isLogged = false;
  #logDescription?: string;
  #detail?: string;

  constructor(error: string, options: OAuthErrorOptions = {}) {
    const { description, logDescription = description, detail, uri, status = 400, cause, answered } = options;
    const userMessage = sentenceFor(error, status);
    const reference = newReference();
    super({ error: publicCode(error, status), error_description: userMessage, reference }, status, { cause });
    this.name = new.target.name;
    this.message = description ? `${error}: ${description}` : error;
    this.error = error;
    this.description = description;
    this.uri = uri;
    this.userMessage = userMessage;
    this.reference = reference;
    this.providerStatus = answered?.status;
    this.#logDescription = logDescription;
    this.#detail = detail;
  }

  /** @internal What the log shows beside the code. */
  get logDescription(): string | undefined {
    return this.#logDescription;
  }

  /**
   * The body of the answer: for the browser, and with `exposeErrors` for the developer. An error that no operation of an app
   * has logged, such as one that the application throws itself, is logged here: the answer has its reference.
   */
  override getResponse(): ErrorBody {
    this.log();
    const { error, description, uri, userMessage, reference } = this;
    if (!(this.#isExposed ?? exposesErrors())) {
      return { error: publicCode(error, this.getStatus()), error_description: userMessage, reference };
    }
    return { error, error_description: description, ...(uri && { error_uri: uri }), reference };
  }

  /** @internal Applies the module's `exposeErrors`. */
  exposeWhen(exposeErrors: boolean | undefined): this {
    this.#isExposed ??= exposeErrors;
    return this;
  }

  /** @internal Logs the error in one line, the first time that this is called. */
  log({ event = 'operation failed', client, step }: FailedStep = {}, level = this.#logLevel): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const { reference, providerStatus } = this;
    const detail = this.#detail?.slice(0, LONGEST_DETAIL);
    logEvent(level, event, {
      client,
      ...this.logFields(),
      step,
      provider_status: providerStatus,
      detail,
      reference,
    });
  }

  /** The code, and what explains it. */
  protected logFields(): LogFields {
    return { error: this.error, description: this.#logDescription };
  }

  get #logLevel(): LogLevel {
    const isForDevelopers = this.getStatus() === 500 || FOR_DEVELOPERS.includes(this.error);
    return isForDevelopers ? 'error' : 'warn';
  }

  /** @internal Adds what to do to the description. */
  advise(advice: string): this {
    const advised = (text: string | undefined): string => (text ? `${text.replace(/[.\s]+$/, '')}. ${advice}` : advice);
    const description = advised(this.description);
    this.#logDescription = advised(this.#logDescription);
    return Object.assign(this, { description, message: `${this.error}: ${description}` });
  }

  /** @internal Takes values that were sent to a provider out of what it answered. */
  redact(values: readonly string[]): this {
    const redactor = redactorOf(values);
    const redacted = <Text extends string | undefined>(text: Text): Text => (text && redactor(text)) as Text;
    const { message, description, uri } = this;
    Object.assign(this, { message: redacted(message), description: redacted(description), uri: redacted(uri) });
    this.stack = redacted(this.stack);
    this.#logDescription = redacted(this.#logDescription);
    this.#detail = redacted(this.#detail);
    return this;
  }
}

/** Longest text of another party in the log, in characters. */
const LONGEST_DETAIL = 300;
/** Codes, beside the status 500, that only a change of the application or of its configuration makes go away. */
const FOR_DEVELOPERS: string[] = [
  ProviderErrorCode.UNSUPPORTED,
  ProviderErrorCode.NOT_SENT,
  ProviderErrorCode.UNEXPECTED,
];

/** Digits and capital letters without those that are easily taken for one another (I, L, O, U). */
const REFERENCE_CHARACTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function newReference(): string {
  return Array.from({ length: 10 }, () => REFERENCE_CHARACTERS[randomInt(REFERENCE_CHARACTERS.length)]).join('');
}

/** By default, browsers see descriptions unless the application is in production. */
function exposesErrors(): boolean {
  return process.env.NODE_ENV !== 'production';
}

/** Why a callback's state was refused; see {@link MismatchingStateError}. */
export type MismatchingStateReason = 'missing_state' | 'no_session' | 'unknown_state' | 'expired_state' | 'used_state';

const STATE_ADVICE: Record<MismatchingStateReason, string> = {
  missing_state:
    'the callback has no state, so there is no pending login with this state. Some providers send such a callback ' +
    'unasked, as GitHub does after the installation of an App (`setup_action`); others lost the state, or put the answer ' +
    'into the fragment of the URL, which no server receives. Send the user to the route that begins the login.',
  no_session:
    'the callback came without the session that began the login, or without the cookie that the login has for itself, ' +
    'for 10 minutes, or an hour in a session. Either the cookie was lost on the way: check its `SameSite` (`Strict` keeps it ' +
    'from every callback, and a form POST callback needs `SameSite=None; Secure`), `Secure` (needs https, and `trust proxy` ' +
    'behind a proxy), its domain, and that login and callback are on the same host. Or the session store lost the session: ' +
    'one in memory forgets all sessions when the process restarts, and does not know those of other processes.',
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
    /** Which of the five ways it went wrong. */
    readonly reason: MismatchingStateReason,
    what: 'login' | 'logout' = 'login',
  ) {
    super('mismatching_state', { description: STATE_ADVICE[reason].replaceAll('login', what), status: 400 });
  }

  protected override logFields(): LogFields {
    const { error, ...others } = super.logFields();
    return { error, reason: this.reason, ...others };
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
  /** The provider's own code. @default the {@link ProviderErrorCode} for the cause */
  error?: string;
  /** The answer, for code that catches the error. */
  answer?: ProviderAnswer;
  /** The answer without its body. */
  answered?: Pick<ProviderAnswer, 'status' | 'headers'>;
  /** Seconds, where no answer says when to try again. */
  retryAfter?: number;
}

/** Statuses of a server that may recover, besides 5xx. */
const TEMPORARY_STATUSES = [408, 429];
/** Codes of a provider that may recover (RFC 6749 §4.1.2.1). */
const TEMPORARY = ['server_error', 'temporarily_unavailable'];

/**
 * The provider failed: an answer that is not a success (status 502), none in time (status 504), or no connection (502).
 * `cause` is the HTTP client's error, without headers, body or query.
 */
export class ProviderError extends OAuthError {
  /** Whether a retry may succeed: there was no answer, or the server was unavailable, overloaded or too slow (5xx, 429, 408). */
  readonly isTemporary: boolean;
  /** `Retry-After` of the answer (RFC 9110 §10.2.3), in seconds. */
  readonly retryAfter?: number;
  readonly #answer?: ProviderAnswer;

  constructor(options: ProviderErrorOptions) {
    const { answer, answered = answer, status = 502, cause } = options;
    const { error = providerErrorCode({ answered: answered?.status, status, cause }) } = options;
    super(error, { ...options, status, answered });
    this.#answer = answer;
    const isStatusTemporary = !answered || answered.status >= 500 || TEMPORARY_STATUSES.includes(answered.status);
    this.isTemporary = TEMPORARY.includes(error) || (isStatusTemporary && error !== ProviderErrorCode.UNSUPPORTED);
    this.retryAfter = options.retryAfter ?? secondsOf(answered?.headers['retry-after']);
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
    // An error that nobody catches is printed with every enumerable property, and each would repeat the faults.
    for (const key of Object.keys(this)) Object.defineProperty(this, key, { enumerable: false });
  }

  /**
   * @internal What Node and Nest's logger print: every fault once. The body of an answer says nothing here, and of the stacks
   * only that of the cause does: it shows where a function of the settings threw.
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { stack } = this.cause instanceof Error ? this.cause : {};
    return `${this.name}: ${this.message}${stack ? `\n[cause]: ${stack}` : ''}`;
  }
}

/**
 * The provider registered the client, but its settings cannot be used with what the provider gave. `registered` has the
 * credentials, which the provider gives only once: save them. Status 500.
 */
export class UnusableRegistrationError extends OAuthConfigError {
  readonly #registered: Readonly<Record<string, unknown>>;

  constructor(faults: readonly string[], registered: Readonly<Record<string, unknown>>) {
    super(faults);
    this.#registered = registered;
  }

  /** The provider's answer (RFC 7591 §3.2.1). A getter, so that no log shows the secrets in it. */
  get registered(): Readonly<Record<string, unknown>> {
    return this.#registered;
  }
}

/** Seconds, or a date (RFC 9110 §10.2.3). */
function secondsOf(retryAfter: unknown): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
