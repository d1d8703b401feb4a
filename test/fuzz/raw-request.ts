import { connect } from 'node:net';

/** A request that is sent without checks and escapes. */
export interface RawRequest {
  method: string;
  /** The path and the query. */
  target: string;
  headers: [name: string, value: string][];
  body?: string;
}

export interface RawAnswer {
  /** 0 if the connection was closed without a response. */
  status: number;
  headers: [name: string, value: string][];
  body: string;
}

/** The timeout of a request in milliseconds. */
const TIMEOUT = 3000;

/** Sends a request that browsers and HTTP libraries refuse to send. Returns undefined after a timeout. */
export function sendRaw(origin: string, request: RawRequest): Promise<RawAnswer | undefined> {
  const { hostname, port } = new URL(origin);
  const names = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const body = Buffer.from(request.body ?? '');
  const headers: [string, string][] = [
    ...(names.has('host') ? [] : [['Host', `${hostname}:${port}`] as [string, string]]),
    ...request.headers,
    ...(request.body === undefined || names.has('content-length')
      ? []
      : [['Content-Length', String(body.length)] as [string, string]]),
    ['Connection', 'close'],
  ];
  const head = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(Buffer.from(`${head}\r\n\r\n`));
      socket.write(body);
    });
    const timer = setTimeout(() => {
      resolve(chunks.length > 0 ? readAnswer(Buffer.concat(chunks)) : undefined);
      socket.destroy();
    }, TIMEOUT);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(readAnswer(Buffer.concat(chunks)));
    });
  });
}

/** Returns the values of a header. */
export function headerValues({ headers }: RawAnswer, name: string): string[] {
  return headers.flatMap(([header, value]) => (header.toLowerCase() === name ? [value] : []));
}

/** Returns the cookies of a response as a `Cookie` header. */
export function cookiesOf(answer: RawAnswer): string {
  return headerValues(answer, 'set-cookie')
    .map((line) => line.split(';')[0])
    .join('; ');
}

function readAnswer(bytes: Buffer): RawAnswer {
  const [head = '', ...rest] = bytes.toString('utf8').split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
}
