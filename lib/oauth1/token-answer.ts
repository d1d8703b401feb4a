import { endpointErrorText } from '../errors/error-text.js';
import { InvalidTokenError, OAuthError, ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { type Parameter, parseForm } from './percent-encoding.js';
import { isProblemCode } from './problem-code.js';

/** What the request token and the access token endpoint answer (RFC 5849 §2.1, §2.3). */
export interface OAuth1TokenAnswer {
  oauth_token: string;
  /** May be empty. */
  oauth_token_secret: string;
  /** Whatever else came as text: `oauth_callback_confirmed`, Twitter's `screen_name`, ... */
  [extra: string]: string;
}

/** An endpoint's HTTP answer. */
export interface EndpointAnswer {
  status: number;
  contentType: string;
  wwwAuthenticate?: string;
  body: string;
}

const IDENTIFIER = /^[a-z_]{1,32}$/i;

/**
 * Reads the token credentials from an answer: a form, as RFC 5849 asks, or JSON, whatever the content type says.
 *
 * @param endpoint its name in errors: `request token endpoint`
 * @throws {OAuthError} the provider reports an `oauth_problem`, in the body or in `WWW-Authenticate` (status 502)
 * @throws {ProviderError} the answer is another failure
 * @throws {InvalidTokenError} the answer is a success without token credentials
 */
export function parseTokenAnswer(endpoint: string, answer: EndpointAnswer): OAuth1TokenAnswer {
  const params = bodyParameters(answer.body);
  const texts = new Map<string, string>(params.flatMap(asText));
  const report = new Map<string, string>([...reportedProblem(answer.wwwAuthenticate), ...texts]);
  const whatCame = describe(endpoint, answer, params);

  const problem = report.get('oauth_problem');
  if (problem !== undefined && isProblemCode(problem)) {
    const advice = printable(report.get('oauth_problem_advice') ?? '');
    throw new OAuthError(problem, { description: advice || whatCame, status: 502, answered: answer });
  }
  if (problem !== undefined || answer.status >= 400) {
    const { status } = answer;
    const error = status < 400 ? OAuthErrorCode.PROVIDER_REFUSED : undefined;
    const detail = endpointErrorText(answer.body);
    throw new ProviderError({ error, description: whatCame, detail, answered: { status, headers: {} } });
  }
  // a secret may be empty: such a token is signed with by the client's secret alone (RFC 5849 §3.4.2)
  if (!texts.get('oauth_token') || !texts.has('oauth_token_secret')) {
    throw new InvalidTokenError({ description: `${whatCame}; expected oauth_token and oauth_token_secret` });
  }
  return Object.fromEntries(texts) as OAuth1TokenAnswer;
}

/**
 * Whether the provider says that it knows the callback (RFC 5849 §2.1). Undefined when it says nothing: it speaks OAuth 1.0,
 * the version before the 1.0a of the RFC.
 */
export function confirmsCallback({ oauth_callback_confirmed: confirmed }: OAuth1TokenAnswer): boolean | undefined {
  return confirmed === undefined || confirmed === '' ? undefined : /^(true|1)$/i.test(confirmed.trim());
}

/** Every parameter of the body, which is none unless it is a JSON object or a form. */
function bodyParameters(body: string): [name: string, value: unknown][] {
  const text = body.trim();
  try {
    if (text.startsWith('{')) return Object.entries(JSON.parse(text) as object);
  } catch {
    return [];
  }
  // text without `=` is no parameter's name: it may be a bare token
  const pairs = text.split('&').filter((pair) => pair.includes('='));
  return parseForm(pairs.join('&'));
}

/**
 * Returns a parameter whose value is text, and nothing for another one. `oauth_callback_confirmed` may be a boolean or a
 * number in JSON. `__proto__` is dropped: copied into an object, it would become the object's prototype.
 */
function asText([name, value]: [name: string, value: unknown]): Parameter[] {
  if (name === '__proto__') return [];
  if (typeof value === 'string') return [[name, value]];
  const isFlag = typeof value === 'boolean' || typeof value === 'number';
  return isFlag && name === 'oauth_callback_confirmed' ? [[name, String(value)]] : [];
}

/** The OAuth Problem Reporting extension: `WWW-Authenticate: OAuth oauth_problem="...", oauth_problem_advice="..."`. */
function reportedProblem(wwwAuthenticate = ''): Parameter[] {
  const pairs = wwwAuthenticate.matchAll(/\b(oauth_problem(?:_advice)?)="([^"]*)"/g);
  return parseForm(Array.from(pairs, ([, name, value]) => `${name}=${value}`).join('&'));
}

/** What came, for an error: never a value, which could be a secret. */
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

/** At most 200 characters on one line, without those that no log should print. */
function printable(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
}
