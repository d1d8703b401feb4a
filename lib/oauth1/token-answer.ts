import { endpointErrorText } from '../errors/error-text.js';
import { InvalidTokenError, OAuthError, ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { type Parameter, parseForm } from './percent-encoding.js';
import { isProblemCode } from './problem-code.js';

/** The parameters of a response from the request token endpoint or the access token endpoint (RFC 5849 §2.1, §2.3). */
export interface OAuth1TokenAnswer {
  oauth_token: string;
  /** May be empty. */
  oauth_token_secret: string;
  /** Other parameters with string values, such as `oauth_callback_confirmed` or Twitter's `screen_name`. */
  [extra: string]: string;
}

/** The HTTP response of an endpoint. */
export interface EndpointAnswer {
  status: number;
  contentType: string;
  wwwAuthenticate?: string;
  body: string;
  /** The parameters, if they are not those of the body. */
  parameters?: Readonly<Record<string, unknown>>;
}

const IDENTIFIER = /^[a-z_]{1,32}$/i;

/**
 * Returns the parameters of a response with token credentials: a form, as RFC 5849 requires, or JSON. Ignores the content type.
 *
 * @param endpoint the name of the endpoint in errors, such as `request token endpoint`
 * @throws {OAuthError} when the provider reports an `oauth_problem`, in the body or in `WWW-Authenticate` (status 502)
 * @throws {ProviderError} when the response is another failure
 * @throws {InvalidTokenError} when the response is a success without token credentials
 */
export function parseTokenAnswer(endpoint: string, answer: EndpointAnswer): OAuth1TokenAnswer {
  const params = Object.entries(answer.parameters ?? answerParameters(answer.body));
  const texts = new Map<string, string>(params.flatMap(asText));
  const report = new Map<string, string>([...reportedProblem(answer.wwwAuthenticate), ...texts]);
  const received = describe(endpoint, answer, params);

  const problem = report.get('oauth_problem');
  if (problem !== undefined && isProblemCode(problem)) {
    const advice = printable(report.get('oauth_problem_advice') ?? '');
    throw new OAuthError(problem, { description: advice || received, status: 502, answered: answer });
  }
  if (problem !== undefined || answer.status >= 400) {
    const { status } = answer;
    const error = status < 400 ? OAuthErrorCode.PROVIDER_REFUSED : undefined;
    const detail = endpointErrorText(answer.body);
    throw new ProviderError({ error, description: received, detail, answered: { status, headers: {} } });
  }
  // The token secret may be empty; then only the client secret signs (RFC 5849 §3.4.2).
  if (!texts.get('oauth_token') || !texts.has('oauth_token_secret')) {
    throw new InvalidTokenError({ description: `${received}; expected oauth_token and oauth_token_secret` });
  }
  return Object.fromEntries(texts) as OAuth1TokenAnswer;
}

/**
 * Returns whether the provider confirmed the callback (RFC 5849 §2.1). Returns undefined if the response does not say so: the
 * provider supports only OAuth 1.0, the version before OAuth 1.0a, which the RFC describes.
 */
export function confirmsCallback({ oauth_callback_confirmed: confirmed }: OAuth1TokenAnswer): boolean | undefined {
  return confirmed === undefined || confirmed === '' ? undefined : /^(true|1)$/i.test(confirmed.trim());
}

/** Returns the parameters of a body. Returns an empty object if the body is neither a JSON object nor a form. */
export function answerParameters(body: string): Record<string, unknown> {
  const text = body.trim();
  try {
    if (text.startsWith('{')) return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
  // A part without `=` may be a bare token. Its text must not become a parameter's name, which errors show.
  const pairs = text.split('&').filter((pair) => pair.includes('='));
  return Object.fromEntries(parseForm(pairs.join('&')));
}

/**
 * Returns the parameter if its value is a string, or else an empty array. `oauth_callback_confirmed` may be a boolean or a
 * number in JSON. `__proto__` is dropped, because it would become the prototype of the object that it is copied to.
 */
function asText([name, value]: [name: string, value: unknown]): Parameter[] {
  if (name === '__proto__') return [];
  if (typeof value === 'string') return [[name, value]];
  const isFlag = typeof value === 'boolean' || typeof value === 'number';
  return isFlag && name === 'oauth_callback_confirmed' ? [[name, String(value)]] : [];
}

/** Reads the header of OAuth Problem Reporting: `WWW-Authenticate: OAuth oauth_problem="…", oauth_problem_advice="…"`. */
function reportedProblem(wwwAuthenticate = ''): Parameter[] {
  const pairs = wwwAuthenticate.matchAll(/\b(oauth_problem(?:_advice)?)="([^"]*)"/g);
  return parseForm(Array.from(pairs, ([, name, value]) => `${name}=${value}`).join('&'));
}

/** Describes the response for an error. Never contains a parameter's value, which could be a secret. */
function describe(
  endpoint: string,
  { status, contentType, body }: EndpointAnswer,
  params: readonly [name: string, value: unknown][],
): string {
  const names = params.map(([name]) => name).filter((name) => IDENTIFIER.test(name));
  const type = printable(contentType) || 'no content type';
  const list = names.slice(0, 10).join(', ') || 'none';
  return `the ${endpoint} answered ${status} (${type}, ${body.length} characters, parameters: ${list})`;
}

/** Returns at most 200 characters on one line, without invisible and control characters. */
function printable(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
}
