import { redact, redactSecrets } from '../common/redaction.js';

/** Longest text of another party that an error keeps, in characters; the log cuts it after further redaction. */
const LONGEST = 2000;
/** How many characters of an answer are looked at: error texts are short, and an answer may have megabytes. */
const LOOKED_AT = 20_000;
/** Fields by which APIs say what is wrong, in the order in which they are shown. */
const MESSAGE_FIELDS = [
  'error',
  'error_description',
  'error_code',
  'error_message',
  'error_msg',
  'errors',
  'errorCode',
  'errorMessage',
  'message',
  'messages',
  'msg',
  'detail',
  'details',
  'title',
  'reason',
  'description',
  'code',
  'status',
  'type',
  'fault',
];

/**
 * Returns what an answer says about its error: the message fields of a JSON object, other JSON as it is, the text of an HTML
 * page, or plain text; on one line and redacted. A stream is never read.
 * @param sent values of the request, which the answer may repeat
 */
export function errorTextOf(body: unknown, sent: Iterable<string> = []): string | undefined {
  const text = readable(body);
  return text === undefined ? undefined : bounded(text, sent);
}

/**
 * Returns what an endpoint of the provider says about its error, as {@link errorTextOf} does. JSON without a message field is
 * left out: under a wrong status it may be a success, with the codes and tokens that such an endpoint gives.
 */
export function endpointErrorText(text: string): string | undefined {
  const json = jsonIn(text);
  const said = json ? messagesIn(json) : textOf(text);
  return said === undefined ? undefined : bounded(said, []);
}

/**
 * Returns what a store or another part of the application threw: its message and its code, redacted as the text of an answer.
 * @param secrets values that the store was given, which its message may repeat
 */
export function thrownText(thrown: unknown, secrets: Iterable<string> = []): string | undefined {
  try {
    const { message, code } = (thrown ?? {}) as { message?: unknown; code?: unknown };
    const said = typeof message === 'string' ? message : typeof thrown === 'string' ? thrown : '';
    const known = typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 50) : '';
    const text = [said, known && !said.includes(known) ? `(${known})` : ''].filter(Boolean).join(' ');
    return text ? bounded(text, secrets) : undefined;
  } catch {
    return undefined; // a getter of the error throws
  }
}

function bounded(text: string, secrets: Iterable<string>): string | undefined {
  const line = redactSecrets(redact(text.slice(0, LOOKED_AT), secrets))
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
  if (!line) return undefined;
  return line.slice(0, LONGEST);
}

function readable(body: unknown): string | undefined {
  if (typeof body === 'string') return textOf(body);
  if (ArrayBuffer.isView(body)) return textOf(decoded(new Uint8Array(body.buffer, body.byteOffset, body.byteLength)));
  if (body instanceof ArrayBuffer) return textOf(decoded(new Uint8Array(body)));
  return typeof body === 'object' && body !== null ? jsonText(body) : undefined;
}

function decoded(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, LOOKED_AT));
  return /[\0\ufffd]/.test(text) ? '' : text; // not a text
}

function textOf(text: string): string | undefined {
  const json = jsonIn(text);
  if (json) return jsonText(json);
  const start = text.slice(0, LOOKED_AT).trim();
  return /^<|<\/?(html|body|p|div|h1)\b/i.test(start) ? withoutTags(start) : start;
}

/** Returns the object or the list that a text is in JSON. */
function jsonIn(text: string): object | undefined {
  if (text.length > LOOKED_AT || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function jsonText(value: object): string | undefined {
  if ('pipe' in value || Symbol.asyncIterator in value || 'getReader' in value) return undefined; // a stream
  try {
    return messagesIn(value) ?? JSON.stringify(value);
  } catch {
    return undefined; // not plain JSON: a custom transformResponse made it
  }
}

function messagesIn(value: object): string | undefined {
  const fields = MESSAGE_FIELDS.filter((name) => isMessage((value as Record<string, unknown>)[name]));
  const [first = ''] = fields;
  if (fields.length === 0) return undefined;
  const messages = Object.fromEntries(fields.map((name) => [name, (value as Record<string, unknown>)[name]]));
  return fields.length === 1 && typeof messages[first] === 'string' ? messages[first] : JSON.stringify(messages);
}

function isMessage(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && typeof value !== 'function';
}

/** The text of a page. */
function withoutTags(html: string): string {
  return html
    .replace(/<(script|style|svg)\b.*?(<\/\1\s*>|$)/gis, ' ')
    .replace(/<!--.*?(-->|$)/gs, ' ')
    .replace(/<[^<>]{0,2000}>/g, ' ')
    .replace(/&(nbsp|#160);/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&(quot|#34);/g, '"')
    .replace(/&(apos|#39|#x27);/g, "'")
    .replace(/&amp;/g, '&');
}
