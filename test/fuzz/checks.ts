import { inspect } from 'node:util';
import { OAuthError } from 'nestjs-oauth-client';
import { errorKey, normalized, stackKey, stackOf, type Problem } from './problem.js';
import { headerValues, type RawAnswer } from './raw-request.js';
import { MARKER, secretIn } from './secrets.js';

/** The context in which a response to a browser is checked. */
export interface AnswerContext {
  /** A description of the request, for the report. */
  route: string;
  /** The hostile endpoint of the provider. */
  hostile?: string;
  /** The PKCE verifiers of this case. */
  verifiers?: readonly string[];
  /** Returns the newest error in the log, which explains a response with status 500. */
  lastError: () => string;
}

/** Responses of Nest, Express and Fastify to an unknown URL, which they repeat. */
const REPEATED_URL = /"message":"(Cannot [A-Z]+ |Failed to decode param|[^"]*is not a valid url component)/;

/** Returns the problems of a response to a browser. */
export function answerProblems(answer: RawAnswer | undefined, context: AnswerContext): Problem[] {
  const { route, hostile = 'browser', verifiers, lastError } = context;
  if (!answer) return [{ key: `hang: ${route.split(',')[0]}, hostile ${hostile}: no answer within 3 s`, detail: '' }];
  const { status, body } = answer;
  const shown = `${status} ${JSON.stringify(answer.headers)} ${body.slice(0, 1000)}`;
  const problems = headerProblems(answer, hostile, `${route}: ${shown}`);
  if (status === 500 || (status > 500 && ![501, 502, 503, 504].includes(status))) {
    const said = errorOf(body);
    const why = said.includes('Internal server error') ? lastError() : '';
    const cause = why ? `${normalized(why.split('\n')[0] ?? '')} ${stackKey(why)}` : normalized(said);
    problems.push({ key: `status ${status}, hostile ${hostile}: ${cause}`, detail: `${route}: ${shown}\n${why}` });
  }
  if (REPEATED_URL.test(body)) return problems;
  const headers = answer.headers.filter(([name]) => name.toLowerCase() !== 'location');
  const isRedirect = status >= 300 && status < 400; // Express repeats the location in the body
  const text = `${JSON.stringify(headers)}\n${isRedirect ? '' : body}`;
  const location = headerValues(answer, 'location').join();
  const leaked = secretIn(text, verifiers) ?? secretIn(location.replace(/id_token_hint=[^&]+/, ''), verifiers);
  if (leaked)
    problems.push({
      key: `leak to the browser, hostile ${hostile}: ${leaked}: ${errorCode(body)}`,
      detail: `${route}: ${shown}`,
    });
  if (status >= 300 && text.includes(MARKER)) {
    problems.push({
      key: `leak to the browser, hostile ${hostile}: provider's detail: ${errorCode(body)}`,
      detail: `${route}: ${shown}`,
    });
  }
  return problems;
}

/** Returns the problems of an error that the library threw. */
export function errorProblems(error: unknown, hostile: string, verifiers?: readonly string[]): Problem[] {
  if (!(error instanceof OAuthError)) {
    return [{ key: `not an OAuthError, hostile ${hostile}: ${errorKey(error)}`, detail: stackOf(error) }];
  }
  const shown = {
    inspect: inspect(error, { depth: 6, showHidden: true, maxStringLength: null }),
    JSON: JSON.stringify(error),
    stack: String(error.stack),
  };
  const leaks = Object.entries(shown).filter(([, text]) => secretIn(text, verifiers) !== undefined);
  if (leaks.length === 0) return [];
  const ways = leaks.map(([way]) => way).join(', ');
  const [leaked, text] = [secretIn(leaks[0]![1], verifiers), leaks[0]![1]];
  return [
    { key: `leak by an error, hostile ${hostile}: ${leaked}: ${normalized(error.error)}`, detail: `${ways}\n${text}` },
  ];
}

/** Returns the problems of a redirect: a target that is not an http URL, or an injected header. */
function headerProblems(answer: RawAnswer, hostile: string, detail: string): Problem[] {
  const problems: Problem[] = [];
  const [location = '/'] = headerValues(answer, 'location');
  if (!/^(https?:|\/(?![/\\]))/i.test(location)) {
    problems.push({ key: `redirect to another scheme or site, hostile ${hostile}`, detail });
  }
  if (headerValues(answer, 'set-cookie').includes('a=b')) {
    problems.push({ key: `header injection, hostile ${hostile}`, detail });
  }
  return problems;
}

function errorOf(body: string): string {
  const { error = '', error_description: description = '', message = '' } = parsed(body);
  return `${String(error)} ${String(description)} ${String(message)}`.trim();
}

function errorCode(body: string): string {
  const { error, statusCode } = parsed(body);
  const code = error ?? statusCode ?? 'no error code';
  return normalized(typeof code === 'string' ? code : JSON.stringify(code));
}

function parsed(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) ?? {}) as Record<string, unknown>;
  } catch {
    return { message: body.slice(0, 100) };
  }
}
