// An API that accepts any token of its scheme: `node server.js Bearer`, or `DPoP`, which also requires a proof.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../support/serve-parent.js';

const scheme = process.argv[2]!;
const BODY = JSON.stringify({ id: 4711, login: 'octocat', name: 'The Octocat', email: 'octocat@provider.example' });

const server = createServer((request, response) => {
  response.writeHead(isAuthorized(request.headers) ? 200 : 401, { 'content-type': 'application/json' });
  response.end(BODY);
});
server.listen(0, '127.0.0.1', () => {
  serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

function isAuthorized({ authorization, dpop }: IncomingHttpHeaders): boolean {
  return authorization?.startsWith(`${scheme} `) === true && (scheme !== 'DPoP' || dpop !== undefined);
}
