import type { ProtocolAnswer } from '../../http/protocol-request.js';
import { withoutQuery } from '../../http/query.js';
import { shown } from './failed-check.js';
import { plainText } from './provider-error.js';

/**
 * Returns what an error says about the answer of an endpoint that cannot be read: status, content type, length, and where a
 * redirect points.
 */
export function shownAnswer({ status, headers, text }: ProtocolAnswer): string {
  const type = plainText(headers['content-type'])?.slice(0, 100) ?? 'without a content type';
  const { location = '' } = headers;
  const target = URL.canParse(location) ? new URL(location) : undefined;
  const redirect = target ? `, a redirect to ${target.origin}${target.pathname.slice(0, 200)}` : '';
  return `${status} ${type}, ${text.length} characters${redirect}`;
}

/**
 * Returns what a server sent in place of a document, for an error: the content type, and where a redirect points, which is
 * never followed.
 */
export function whatCame({ status, headers }: Pick<ProtocolAnswer, 'status' | 'headers'>): string {
  const { location, 'content-type': type } = headers;
  const content = type === undefined ? 'no content type' : `content type ${shown(type)}`;
  if (status < 300 || status > 399 || location === undefined) return content;
  return `${content}, location ${shown(withoutQuery(location))}, which is not followed`;
}
