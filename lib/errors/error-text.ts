import { fieldsOf } from '../common/fields-of.js';
import { redact, redactSecrets } from '../common/redaction.js';

/** Maximum number of characters of an error text from outside that an error keeps. The log redacts and shortens it further. */
const MAX_KEPT = 2000;
/** Maximum number of characters of a response that are read: error texts are short, but a response may have megabytes. */
const MAX_READ = 20_000;
/** Fields in which APIs describe an error, in the order in which they are shown. */
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
 * Returns the error text of a response, redacted and on one line: the message fields of a JSON object, any other JSON
 * unchanged, the text of an HTML page, or plain text. Never reads a stream.
 * @param sent values of the request, which the response may repeat
 */
export function errorTextOf(body: unknown, sent: Iterable<string> = []): string | undefined {
  const text = readable(body);
  return text === undefined ? undefined : bounded(text, sent);
}

/**
 * Returns the error text of a response from an endpoint of the provider, as {@link errorTextOf} does, but omits JSON without
 * a message field: a success with a wrong status may contain codes and tokens.
 */
export function endpointErrorText(text: string): string | undefined {
  const json = jsonIn(text);
  const message = json ? messagesIn(json) : textOf(text);
  return message === undefined ? undefined : bounded(message, []);
}

/**
 * Returns the message and the code of an error that a store or another part of the application threw, redacted.
 * @param secrets values that the store received, which its message may repeat
 */
export function thrownText(thrown: unknown, secrets: Iterable<string> = []): string | undefined {
  try {
    const { message, code } = fieldsOf(thrown);
    const words = typeof message === 'string' ? message : typeof thrown === 'string' ? thrown : '';
    const shownCode = typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 50) : '';
    const text = [words, shownCode && !words.includes(shownCode) ? `(${shownCode})` : ''].filter(Boolean).join(' ');
    return text ? bounded(text, secrets) : undefined;
  } catch {
    return undefined; // a getter of the error threw
  }
}

function bounded(text: string, secrets: Iterable<string>): string | undefined {
  const line = redactSecrets(redact(text.slice(0, MAX_READ), secrets))
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
  if (!line) return undefined;
  return line.slice(0, MAX_KEPT);
}

function readable(body: unknown): string | undefined {
  if (typeof body === 'string') return textOf(body);
  if (ArrayBuffer.isView(body)) return textOf(decoded(new Uint8Array(body.buffer, body.byteOffset, body.byteLength)));
  if (body instanceof ArrayBuffer) return textOf(decoded(new Uint8Array(body)));
  return typeof body === 'object' && body !== null ? jsonText(body) : undefined;
}

function decoded(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_READ));
  return /[\0\ufffd]/.test(text) ? '' : text; // binary data
}

function textOf(text: string): string | undefined {
  const json = jsonIn(text);
  if (json) return jsonText(json);
  const start = text.slice(0, MAX_READ).trim();
  return /^<|<\/?(html|body|p|div|h1)\b/i.test(start) ? withoutTags(start) : start;
}

/** Parses a JSON object or array. Returns undefined for any other text. */
function jsonIn(text: string): object | undefined {
  if (text.length > MAX_READ || !/^\s*[[{]/.test(text)) return undefined;
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
    return undefined; // a custom transformResponse returned a value that is not JSON
  }
}

function messagesIn(value: object): string | undefined {
  const fields = fieldsOf(value);
  const names = MESSAGE_FIELDS.filter((name) => isMessage(fields[name]));
  const [first = ''] = names;
  if (names.length === 0) return undefined;
  const messages = Object.fromEntries(names.map((name) => [name, fields[name]]));
  return names.length === 1 && typeof messages[first] === 'string' ? messages[first] : JSON.stringify(messages);
}

function isMessage(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && typeof value !== 'function';
}

/** Returns the text of an HTML page. */
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
