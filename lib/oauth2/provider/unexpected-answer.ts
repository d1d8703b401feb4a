import type { ProtocolAnswer } from '../../http/protocol-request.js';
import { shown } from './failed-check.js';

/** Says what a server sent instead of a document: the content type, and where a redirect points, which is never followed. */
export function whatCame({ status, headers }: ProtocolAnswer): string {
  const { location, 'content-type': type } = headers;
  const content = type === undefined ? 'no content type' : `content type ${shown(type)}`;
  if (status < 300 || status > 399 || location === undefined) return content;
  return `${content}, location ${shown(withoutQuery(location))}, which is not followed`;
}

function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, '');
}
