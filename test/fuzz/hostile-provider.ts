import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listen } from '../providers/listen.js';
import { ENDPOINTS, type EndpointName, type EndpointScript } from './endpoints.js';
import type { HostileAnswer, HostileBody } from './hostile-answer.js';
import { jwtOf } from './hostile-jwt.js';
import { editedJson } from './json-edits.js';

/** The provider of one slot, and its responses. */
export interface Attack {
  endpoint: EndpointName;
  answer: HostileAnswer;
}

/** A server with a separate provider for every slot, so that cases can run in parallel. */
export interface HostileProvider {
  issuer(slot: string): string;
  /** Makes one endpoint of a slot hostile. Without an attack, all endpoints of the slot become honest. */
  attack(slot: string, attack?: Attack): void;
  /** Returns the PKCE verifiers that a slot received since its last attack. */
  verifiers(slot: string): readonly string[];
  close(): Promise<void>;
}

interface Received {
  slot: string;
  text: string;
  form: URLSearchParams;
  issuer: string;
}

export async function startHostileProvider(): Promise<HostileProvider> {
  const attacks = new Map<string, Attack>();
  const verifiers = new Map<string, string[]>();
  const { port, close } = await listen((request, response) => void serve(request, response));
  const issuer = (slot: string): string => `http://127.0.0.1:${port}/${slot}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, slot = '', path = ''] = /^\/([^/]+)([^?]*)/.exec(request.url ?? '') ?? [];
    const found = Object.entries(ENDPOINTS).find(([, script]) => script.path === path);
    const text = await bodyOf(request);
    if (!found) return void response.writeHead(404).end();
    const form = new URLSearchParams(text);
    if (request.headers.dpop) form.set('dpop', 'yes');
    verifiers.set(slot, [...(verifiers.get(slot) ?? []), ...form.getAll('code_verifier')].slice(-20));
    const attack = attacks.get(slot);
    const hostile = attack?.endpoint === found[0] ? attack.answer : undefined;
    const received = { slot, text: `${text} ${request.headers.authorization ?? ''}`, form, issuer: issuer(slot) };
    send(response, found[1], received, hostile);
  }

  return {
    issuer,
    attack: (slot, attack) => {
      verifiers.delete(slot);
      if (attack) attacks.set(slot, attack);
      else attacks.delete(slot);
    },
    verifiers: (slot) => verifiers.get(slot) ?? [],
    close,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    // the client closed the connection
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, script: EndpointScript, received: Received, hostile?: HostileAnswer): void {
  const isJwt = script.jwtType !== undefined && (hostile?.jwt !== undefined || received.slot.endsWith('signed'));
  const type = isJwt ? script.jwtType! : script.isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const body =
    hostile?.body === undefined ? validBody(script, received, isJwt, hostile) : replaced(hostile.body, received);
  if (!hostile) return void response.writeHead(script.status ?? 200, { 'content-type': type }).end(body);
  sendRaw(response.socket, body, { status: script.status, contentType: type, ...hostile });
}

function validBody(script: EndpointScript, received: Received, isJwt: boolean, hostile: HostileAnswer = {}): string {
  const valid = script.valid({ ...received, jwt: hostile.jwt });
  if (isJwt) return jwtOf(valid, hostile.jwt, script.jwtType?.replace('application/', ''));
  if (script.isForm && !hostile.edits) return new URLSearchParams(valid as Record<string, string>).toString();
  const json = editedJson(valid, hostile.edits);
  return script.path === '/jwks' ? `{"keys":[${json}]}` : json;
}

function replaced(body: HostileBody, { text }: Received): string {
  if (typeof body === 'object') return body.text;
  switch (body) {
    case 'echo':
      return text;
    case 'echo as error':
      return JSON.stringify({ error: 'invalid_request', error_description: `cannot read ${text}` });
    case 'error':
      return JSON.stringify({ error: 'invalid_grant', error_description: 'no such grant' });
    case 'array':
      return '[{}]';
    case 'string':
      return '"text"';
    case 'huge':
      return `{"a":"${'x'.repeat(1_200_000)}"}`;
    case 'deep':
      return '[['.repeat(20_000);
  }
}

/** Writes the response to the socket, because Node.js would refuse to send most of these responses. */
function sendRaw(socket: Socket | null, body: string, answer: HostileAnswer): void {
  if (!socket || answer.wire === 'never') return;
  const bytes = Buffer.from(body);
  const lines = [
    `HTTP/1.1 ${answer.status ?? 200} Whatever`,
    `Content-Type: ${answer.contentType}`,
    ...(answer.headers ?? []).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, '')}`),
    'Connection: close',
  ];
  switch (answer.wire) {
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'not HTTP':
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      return;
    case 'cut':
      lines.push(`Content-Length: ${bytes.length + 10}`);
      break;
    case 'too long':
      lines.push(`Content-Length: ${Math.max(0, bytes.length - 3)}`);
      break;
    case 'bad chunks':
      lines.push('Transfer-Encoding: chunked');
      break;
    default:
      if (!answer.headers?.some(([name]) => name === 'Content-Length')) lines.push(`Content-Length: ${bytes.length}`);
  }
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  socket.end(bytes);
}
