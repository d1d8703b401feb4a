// An OpenID Connect provider that approves every login without a page. Sends its issuer to the parent process.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../support/serve-parent.js';
import { issueCode, redeemCode } from './codes.js';
import { JWKS } from './id-token.js';

const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const DOCUMENTS = new Map([
  [
    '/.well-known/openid-configuration',
    JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      code_challenge_methods_supported: ['S256'],
    }),
  ],
  ['/jwks', JSON.stringify(JWKS)],
]);

serveParent(issuer);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', issuer);
  if (pathname === '/token') json(response, redeemCode(request.headers.authorization, await formOf(request)));
  else if (pathname === '/authorize') authorize(response, searchParams);
  else json(response, DOCUMENTS.get(pathname));
}

function authorize(response: ServerResponse, request: URLSearchParams): void {
  const callback = new URL(request.get('redirect_uri') ?? '');
  callback.searchParams.set('code', issueCode(issuer, request));
  callback.searchParams.set('state', request.get('state') ?? '');
  response.writeHead(302, { location: callback.href }).end();
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  await once(request, 'end');
  return new URLSearchParams(body);
}

function json(response: ServerResponse, body: string | undefined): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(body === undefined ? 400 : 200, headers).end(body ?? '{"error":"invalid_request"}');
}
