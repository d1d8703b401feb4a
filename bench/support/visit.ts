import { once } from 'node:events';
import { get, type Agent, type IncomingMessage } from 'node:http';

/** What a browser would make of an answer. */
export interface Page {
  status: number;
  /** Where it redirects to. */
  location: string;
  /** The cookies that it sets, as they are sent back. */
  cookie: string;
  body: string;
}

/** Gets a page as a browser would that does not follow redirects by itself. */
export async function visit(url: string, agent: Agent, cookie = ''): Promise<Page> {
  const [response] = (await once(get(url, { agent, headers: cookie ? { cookie } : {} }), 'response')) as [
    IncomingMessage,
  ];
  let body = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  await once(response, 'end');
  const { statusCode: status = 0, headers } = response;
  const cookies = (headers['set-cookie'] ?? []).map((line) => line.split(';')[0]);
  return { status, location: headers.location ?? '', cookie: cookies.join('; '), body };
}
