// An API that answers whoever has a token.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY = JSON.stringify({ id: 4711, login: 'octocat', name: 'The Octocat', email: 'octocat@provider.example' });

const server = createServer((request, response) => {
  response.writeHead(request.headers.authorization ? 200 : 401, { 'content-type': 'application/json' });
  response.end(BODY);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
