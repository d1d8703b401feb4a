import { once } from 'node:events';
import { get, type Agent, type IncomingMessage } from 'node:http';

/** The parts of a response that a browser uses. */
export interface Page {
  status: number;
  /** The URL of the redirect. Empty if the response is not a redirect. */
  location: string;
  /** The cookies of the response, as the value of a `Cookie` header. */
  cookie: string;
  body: string;
}

/** Requests a page like a browser, but does not follow redirects. */
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
