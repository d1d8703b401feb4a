import { inspect } from 'node:util';
import { OAuthError } from 'nestjs-oauth-client';
import { normalized, stackKey, type Problem } from './problem.js';
import { headerValues, type RawAnswer } from './raw-request.js';
import { MARKER, secretIn } from './secrets.js';

/** What an answer to a browser is judged by. */
export interface AnswerContext {
  /** What is asked, for the report. */
  route: string;
  /** Which endpoint of the provider is hostile. */
  hostile?: string;
  /** PKCE verifiers of this case. */
  verifiers?: readonly string[];
  /** The newest error in the log, which says why an answer is a 500. */
  lastError: () => string;
}

/** Answers of Nest, Express and Fastify to a URL that no route of the library has; they repeat it. */
const REPEATED_URL = /"message":"(Cannot [A-Z]+ |Failed to decode param|[^"]*is not a valid url component)/;

/** What is wrong with an answer to a browser. */
export function answerProblems(answer: RawAnswer | undefined, context: AnswerContext): Problem[] {
  const { route, hostile = 'browser', verifiers, lastError } = context;
  if (!answer) return [{ key: `hang: ${route}, hostile ${hostile}: no answer within 3 s`, detail: '' }];
  const problems: Problem[] = [];
  const { status, body } = answer;
  const shown = `${status} ${JSON.stringify(answer.headers)} ${body.slice(0, 1000)}`;
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

/** What is wrong with an error that the library threw. */
export function errorProblems(error: unknown, hostile: string, verifiers?: readonly string[]): Problem[] {
  if (!(error instanceof OAuthError)) {
    const stack = error instanceof Error ? String(error.stack) : inspect(error);
    const name = error instanceof Error ? `${error.name}: ${normalized(error.message)}` : typeof error;
    return [{ key: `not an OAuthError, hostile ${hostile}: ${name} ${stackKey(stack)}`, detail: stack }];
  }
  const shown = {
    inspect: inspect(error, { depth: 6, showHidden: true, maxStringLength: null }),
    json: JSON.stringify(error),
    stack: String(error.stack),
  };
  return Object.entries(shown).flatMap(([how, text]) => {
    const leaked = secretIn(text, verifiers);
    return leaked
      ? [{ key: `leak by ${how}, hostile ${hostile}: ${leaked}: ${normalized(error.error)}`, detail: text }]
      : [];
  });
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
