import { randomInt } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { publicCode, sentenceFor } from './browser-message.js';
import { OAuthErrorCode } from './error-codes.js';
import { logEvent, type LogFields, type LogLevel } from '../common/log.js';
import { redactorOf } from '../common/redaction.js';

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
  answered?: { status: number };
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
   * Returns the body of the answer (RFC 6749 §5.2): for the browser, and with `exposeErrors` for the developer. An error that no operation of an app
   * has logged, such as one that the application throws itself, is logged here: the answer has its reference.
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

  /** @internal The code, and what explains it. */
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
  OAuthErrorCode.PROVIDER_UNSUPPORTED,
  OAuthErrorCode.REQUEST_NOT_SENT,
  OAuthErrorCode.UNEXPECTED_ERROR,
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
