import { randomInt } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { publicCode, sentenceFor } from './browser-message.js';
import { OAuthErrorCode } from './error-codes.js';
import { logEvent, type LogFields, type LogLevel } from '../common/log.js';
import { redactorOf } from '../common/redaction.js';

/** Options of an {@link OAuthError}. */
export interface OAuthErrorOptions {
  /** What happened, what was expected, and what to do: for the developer. Must not contain a secret, a token or a code. */
  description?: string;
  /** The description for the log, if `description` names a user. @default `description` */
  logDescription?: string;
  /** The redacted error text of the API, the provider or a store. Only for the log, because it may name a user. */
  detail?: string;
  /** The provider's `error_uri`: a page about the error (RFC 6749 §5.2). */
  uri?: string;
  /** The HTTP status with which Nest responds when the error is not caught. @default 400 */
  status?: number;
  /** The underlying error, already redacted. */
  cause?: unknown;
  /** The provider's response, without its body. */
  answered?: { status: number };
}

/** The step that failed, for the log line of the error. */
export interface FailedStep {
  /** The verb phrase at the start of the log line. @default 'operation failed' */
  event?: string;
  /** The client's name. */
  client?: string;
  /** A stable name of the step, such as `api_call`. */
  step?: string;
}

/**
 * A failure of a login, a token request or an API call.
 *
 * `OAuthError` is an `HttpException`: if it is not caught, Nest responds with its status and
 * `{ error, error_description, reference }`. The browser receives a fixed sentence (`userMessage`). The log receives
 * `description`, and the browser receives it only if `exposeErrors` is on. `@Catch(OAuthError)` catches every subclass.
 */
export class OAuthError extends HttpException {
  /** The error code of the provider (RFC 6749 §4.1.2.1 and §5.2) or of this library ({@link OAuthErrorCode}). */
  readonly error: string;
  /** The provider's `error_description`, or an explanation by this library. Not for browsers: a provider may quote anything in it. */
  readonly description?: string;
  /** The provider's `error_uri` (RFC 6749 §5.2). */
  readonly uri?: string;
  /** A sentence that an end user may read. */
  readonly userMessage: string;
  /** A random string that is both in the response to the browser and in the log line of the error. */
  readonly reference: string;
  /** HTTP status of the provider's response. Undefined if there was no response. */
  readonly providerStatus?: number;
  /** Undefined until an app sets it; until then, the default applies. */
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

  /** @internal The description for the log. */
  get logDescription(): string | undefined {
    return this.#logDescription;
  }

  /** @internal The error text from outside, for the log. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /**
   * Returns the body of the HTTP response (RFC 6749 §5.2). With `exposeErrors`, it contains `description`. Logs the error if
   * it was not logged yet, such as an error that the application throws, so that its reference can be found in the log.
   */
  override getResponse(): { error: string; error_description?: string; error_uri?: string; reference: string } {
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

  /** @internal Logs the error in one line. Later calls do nothing. */
  log({ event = 'operation failed', client, step }: FailedStep = {}, level = this.#logLevel): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const { reference, providerStatus } = this;
    const detail = this.#detail?.slice(0, MAX_DETAIL);
    logEvent(level, event, {
      client,
      ...this.logFields(),
      step,
      provider_status: providerStatus,
      detail,
      reference,
    });
  }

  /** @internal The code and its explanation. */
  protected logFields(): LogFields {
    return { error: this.error, description: this.#logDescription };
  }

  get #logLevel(): LogLevel {
    const isForDevelopers = this.getStatus() === 500 || FOR_DEVELOPERS.includes(this.error);
    return isForDevelopers ? 'error' : 'warn';
  }

  /** @internal Appends advice to the description. */
  advise(advice: string): this {
    const advised = (text: string | undefined): string => (text ? `${text.replace(/[.\s]+$/, '')}. ${advice}` : advice);
    const description = advised(this.description);
    this.#logDescription = advised(this.#logDescription);
    return Object.assign(this, { description, message: `${this.error}: ${description}` });
  }

  /** @internal Redacts the values of a request in the error, because the provider's response may repeat them. */
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

/** Maximum length of `detail` in the log, in characters. */
const MAX_DETAIL = 300;
/** Codes of errors that only a developer can fix, as those with the status 500: they are logged with the level `error`. */
const FOR_DEVELOPERS: string[] = [
  OAuthErrorCode.PROVIDER_UNSUPPORTED,
  OAuthErrorCode.REQUEST_NOT_SENT,
  OAuthErrorCode.UNEXPECTED_ERROR,
];

/** Digits and capital letters without I, L, O and U, which are easy to confuse. */
const REFERENCE_CHARACTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function newReference(): string {
  return Array.from({ length: 10 }, () => REFERENCE_CHARACTERS[randomInt(REFERENCE_CHARACTERS.length)]).join('');
}

/** By default, browsers see descriptions unless the application is in production. */
function exposesErrors(): boolean {
  return process.env.NODE_ENV !== 'production';
}
