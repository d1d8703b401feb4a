import { parseExactJson } from './exact-json.js';

/** The name of the function in JSONP. */
const FUNCTION_NAME = /^[\w$.]{1,100}$/;

/**
 * Returns the value in a response: JSON with any content type, or JSONP, such as QQ's `callback( {…} );`. Returns undefined for
 * any other body.
 */
export function parseBody(text: string): unknown {
  const body = text.replace(/^\uFEFF/, '').trim();
  return parsed(body) ?? parsed(argumentOf(body));
}

/** Returns the argument of the function call in JSONP, or an empty string for any other text. */
function argumentOf(body: string): string {
  const call = body.startsWith('/**/') ? body.slice(4) : body;
  const start = call.indexOf('(');
  const end = call.endsWith(';') ? call.slice(0, -1).trimEnd() : call;
  const isCall = start > 0 && end.endsWith(')') && FUNCTION_NAME.test(call.slice(0, start).trim());
  return isCall ? end.slice(start + 1, -1) : '';
}

/** Returns undefined for text that is not JSON. The error of the parser is dropped, because it quotes the text. */
function parsed(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
