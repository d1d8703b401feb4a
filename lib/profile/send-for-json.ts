import { excessOf, type Limits } from '../common/limits.js';
import type { ApiCredentials } from '../http/api-request.js';
import { PLAIN_ANSWER } from '../http/protocol-answer.js';
import type { ProfileInput } from './profile-context.js';
import { plainCopy } from './plain-copy.js';
import { parseBody } from './response-body.js';
import { UnusableProfile } from './unusable-profile.js';

/** Limits of a response. To copy hundreds of thousands of small values takes a second. Values that are too deep are not copied. */
const LIMITS: Limits = { depth: Infinity, entries: 5_000, length: Infinity };

interface JsonRequest {
  method: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: { type: string; data: string };
  /** Origins that may receive the token. */
  origins: ReadonlySet<string>;
  credentials?: ApiCredentials;
  maxRedirects?: number;
}

/**
 * Sends a request for JSON by the client's rules for API calls. Returns the parsed response, which is at most 1 MiB.
 * @throws {ProviderError} when the response is not a success
 * @throws {UnusableProfile} when the response is not JSON, or has too many values
 */
export async function sendForJson(
  { http, apiHeaders }: Pick<ProfileInput, 'http' | 'apiHeaders'>,
  { method, url, headers = {}, body, origins, credentials, maxRedirects }: JsonRequest,
): Promise<unknown> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const { data } = await http.sendApiRequest<string>(
    {
      ...PLAIN_ANSWER,
      method,
      url,
      data: body?.data,
      headers: {
        accept: 'application/json',
        ...apiHeaders,
        'content-type': body?.type ?? false, // axios would add the type of a form to a POST without a body
        ...(Object.fromEntries(named) as Record<string, string>),
      },
      maxRedirects,
      transformRequest: (sent: unknown) => sent,
      validateStatus: (status) => status >= 200 && status < 300,
    },
    credentials && { origins, ...credentials },
  );
  const received = parseBody(data);
  const excess = excessOf(received, LIMITS);
  if (excess !== undefined) throw new UnusableProfile(`its response is too large: ${excess}`);
  const parsed = plainCopy(received);
  if (parsed !== undefined) return parsed;
  throw new UnusableProfile('its response is not JSON');
}
