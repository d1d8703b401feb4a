import type { CreateAxiosDefaults } from 'axios';
import { z } from 'zod';
import { LONGEST_TIMER_MS } from '../common/limits.js';
import { isRecord } from './is-record.js';

/** axios defaults of one client. */
export type HttpOptions = Omit<
  CreateAxiosDefaults,
  'url' | 'method' | 'baseURL' | 'allowAbsoluteUrls' | 'data' | 'cancelToken'
>;

/** The expected timeout, for errors. */
export const EXPECTED_TIMEOUT = `expected a number of milliseconds, 0 to ${LONGEST_TIMER_MS}`;

/** Options whose values this library does not check. */
const OTHER_OPTIONS = [
  'adapter',
  'allowedSocketPaths',
  'auth',
  'beforeRedirect',
  'decompress',
  'env',
  'family',
  'formSerializer',
  'http2Options',
  'httpAgent',
  'httpVersion',
  'httpsAgent',
  'insecureHTTPParser',
  'lookup',
  'maxRate',
  'onDownloadProgress',
  'onUploadProgress',
  'params',
  'paramsSerializer',
  'responseEncoding',
  'responseType',
  'signal',
  'socketPath',
  'timeoutErrorMessage',
  'transformRequest',
  'transformResponse',
  'transitional',
  'transport',
  'validateStatus',
  'withCredentials',
  'xsrfCookieName',
  'xsrfHeaderName',
] as const satisfies (keyof HttpOptions)[];

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
/** Keys in the headers under which axios expects the default headers of one method, or of all methods (`common`). */
const METHODS = ['common', 'delete', 'get', 'head', 'options', 'patch', 'post', 'put', 'query'];

const count = z.number('expected a number');

/** The setting `http`. */
export const httpOptions = z.strictObject(
  {
    headers: z.custom(areHeaders, 'expected an object of header names and their values').optional(),
    timeout: z.number(EXPECTED_TIMEOUT).min(0, EXPECTED_TIMEOUT).max(LONGEST_TIMER_MS, EXPECTED_TIMEOUT).optional(),
    proxy: z
      .custom(
        (value) => value === false || (isRecord(value) && typeof value.host === 'string'),
        'expected false, or an object with the host and the port of a proxy',
      )
      .optional(),
    maxContentLength: count.optional(),
    maxBodyLength: count.optional(),
    maxRedirects: count.min(0, 'expected 0 or more').optional(),
    ...(Object.fromEntries(OTHER_OPTIONS.map((key) => [key, z.unknown().optional()])) as Record<
      string,
      z.ZodOptional<z.ZodUnknown>
    >),
  },
  'expected an object of axios options',
);

/** All options, in camelCase. */
export const HTTP_KEYS: readonly string[] = Object.keys(httpOptions.shape);

/** The camelCase of each option, by its snake_case. */
const CAMEL_CASE: ReadonlyMap<string, string> = new Map(HTTP_KEYS.map((key) => [httpKey(key), key]));

/** Returns the options in camelCase, without absent and `null` values. Keeps the names of unknown options. */
export function normalizeHttpOptions(options: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [CAMEL_CASE.get(key) ?? key, value]));
}

/** Returns the snake_case name of an option, for errors. */
export function httpKey(key: string): string {
  return key.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();
}

/** Returns the options that are JSON. Their size is limited. */
export function jsonPart({ headers, params, proxy, auth }: Record<string, unknown>): Record<string, unknown> {
  return { headers, params, proxy, auth };
}

/** Headers that change the framing or the routing of a request. */
const FRAMING =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|forwarded|proxy-.*|x-forwarded-.*)$/i;
/** Returns whether a header changes the framing or the routing of a request. */
export function isFramingHeader(name: string): boolean {
  return FRAMING.test(name);
}

/** Maximum timeout of a client that is registered at run time, in milliseconds. */
const MAX_TENANT_TIMEOUT_MS = 60_000;

/**
 * Returns a fault for each option in `http` that is not allowed for a client that is registered at run time, because a tenant may
 * have chosen it: a proxy, an agent or a Unix socket could connect to any host, and a response without a limit could exhaust the
 * memory.
 */
export function runTimeHttpFaults(name: string, { http }: Record<string, unknown>): string[] {
  if (!isRecord(http)) return [];
  const { headers, timeout, ...others } = http;
  const faults = Object.keys(others)
    .filter((key) => HTTP_KEYS.includes(key))
    .map((key) => `${name}.http.${httpKey(key)}: not allowed for a client that is registered at run time; ${INSTEAD}`);
  if (typeof timeout === 'number' && !(timeout >= 1 && timeout <= MAX_TENANT_TIMEOUT_MS)) {
    faults.push(
      `${name}.http.timeout: expected 1 to ${MAX_TENANT_TIMEOUT_MS} milliseconds, because the client is registered at run time`,
    );
  }
  if (isRecord(headers) && Object.keys(headers).some((header) => METHODS.includes(header) || FRAMING.test(header))) {
    faults.push(
      `${name}.http.headers: a client that is registered at run time cannot set Host, Connection, Content-Length, ` +
        `Transfer-Encoding or another header of the transfer, nor headers of one method; ${INSTEAD}`,
    );
  }
  return faults;
}

const INSTEAD = "set it in the module's http, or configure the client at start-up";

function areHeaders(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(([name, content]) =>
    METHODS.includes(name) && isRecord(content) ? areHeaders(content) : HEADER_NAME.test(name) && isHeader(content),
  );
}

/** Returns whether a value is an object of headers for all methods. */
export function areAdditionalHeaders(value: unknown): value is Record<string, string> {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([name, content]) =>
      HEADER_NAME.test(name) && !FRAMING.test(name) && typeof content === 'string' && isHeader(content),
  );
}

function isHeader(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return true;
  return [value].flat().every((line) => typeof line === 'string' && HEADER_VALUE.test(line));
}
