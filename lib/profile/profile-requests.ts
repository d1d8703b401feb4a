import { FORM_CONTENT_TYPE } from '../common/media-type.js';
import { MAIN_REQUEST, OTHER_SOURCES, parsePath } from '../config/profile-paths.js';
import type { ProfileRequest } from '../config/profile-settings.js';
import { withQuery } from '../http/query.js';
import { textOf } from './claim-sources.js';
import { filledHeader, filledJson, filledText, filledTexts, filledUrl, type PlaceholderValue } from './placeholders.js';
import { withoutSecrets } from './plain-copy.js';
import { secretsOf, type ProfileInput } from './profile-context.js';
import type { ProfileData } from './profile-data.js';
import { profileFailure } from './profile-failure.js';
import { sendForJson } from './send-for-json.js';

/**
 * Sends the requests one after another, and adds their responses to the data. The failure of an optional request is logged.
 * @throws {ProfileError} when a request fails
 */
export async function sendProfileRequests(
  input: ProfileInput,
  requests: readonly ProfileRequest[],
  data: ProfileData,
): Promise<void> {
  const sent: string[] = [];
  const secrets = secretsOf(input);
  for (const request of requests) {
    const { name = MAIN_REQUEST, optional = false } = request;
    try {
      const response = await sendRequest(input, request, placeholderValues(input, data, sent));
      data.add(name, withoutSecrets(response, secrets));
    } catch (error) {
      const failure = profileFailure(error, { ...input, request });
      if (!optional) throw failure;
      failure.log({ event: 'profile request failed', client: input.config.name }, 'warn');
    }
    sent.push(name);
  }
}

/** Placeholders by where they occur. */
interface Placeholders {
  readonly inText: PlaceholderValue;
  /** JSON may be GraphQL, whose braces look like paths. Only placeholders with a source are replaced. */
  readonly inJson: PlaceholderValue;
}

function placeholderValues({ config, token }: ProfileInput, data: ProfileData, sent: readonly string[]): Placeholders {
  const sources = [...OTHER_SOURCES, ...sent];
  const accessToken = typeof token.accessToken === 'string' ? token.accessToken : undefined;
  const inJson: PlaceholderValue = (content) => {
    if (content === 'client_id') return { value: config.clientId };
    const source = parsePath(content)?.source;
    return source !== undefined && sources.includes(source) ? { value: textOf(data.at(content)) } : undefined;
  };
  const inText: PlaceholderValue = (content) => {
    if (content === 'client_secret') return { value: config.clientSecret };
    if (content === 'access_token') return { value: accessToken };
    const isOfMain = sent.length > 0 && parsePath(content)?.source === undefined;
    return inJson(content) ?? (isOfMain ? { value: textOf(data.at(content)) } : undefined);
  };
  return { inText, inJson };
}

async function sendRequest(
  input: ProfileInput,
  request: ProfileRequest,
  { inText, inJson }: Placeholders,
): Promise<unknown> {
  const { query = {}, headers = {}, form, json, token } = request;
  const url = withQuery(filledUrl(request.url, inText), filledTexts(query, inText));
  const body = form
    ? { type: FORM_CONTENT_TYPE, data: new URLSearchParams(filledTexts(form, inText, filledText)).toString() }
    : json && { type: 'application/json', data: JSON.stringify(filledJson(json, inJson)) };
  return sendForJson(input, {
    method: request.method ?? (body ? 'POST' : 'GET'),
    url,
    headers: filledTexts(headers, inText, filledHeader),
    body,
    origins: new Set([...input.config.apiOrigins, new URL(url).origin]),
    credentials: token === 'none' ? undefined : input.credentials(token),
    // a redirect would repeat a secret in a form
    maxRedirects: /\{(?:client_secret|access_token)\}/.test(JSON.stringify(request)) ? 0 : undefined,
  });
}
