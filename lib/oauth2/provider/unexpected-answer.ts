import type { ProtocolAnswer } from '../../http/protocol-answer.js';
import { withoutQuery } from '../../http/query.js';
import { shown } from './failed-check.js';
import { plainText } from './provider-error.js';

/**
 * Describes an unusable response of an endpoint for an error: status, content type, length, and the target of a redirect.
 */
export function describeResponse({ status, headers, text }: ProtocolAnswer): string {
  const type = plainText(headers['content-type'])?.slice(0, 100) ?? 'without a content type';
  const { location = '' } = headers;
  const target = URL.canParse(location) ? new URL(location) : undefined;
  const redirect = target ? `, a redirect to ${target.origin}${target.pathname.slice(0, 200)}` : '';
  return `${status} ${type}, ${text.length} characters${redirect}`;
}

/**
 * Describes a response that is not the expected document, for an error: the content type, and the target of a redirect, which is
 * never followed.
 */
export function describeDocument({ status, headers }: Pick<ProtocolAnswer, 'status' | 'headers'>): string {
  const { location, 'content-type': type } = headers;
  const content = type === undefined ? 'no content type' : `content type ${shown(type)}`;
  if (status < 300 || status > 399 || location === undefined) return content;
  return `${content}, location ${shown(withoutQuery(location))}, which is not followed`;
}
