import { createHmac, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from './listen.js';

/** A shop that behaves like a shop of Shopify: `url` stands for `https://{shop}.myshopify.com`. */
export interface ShopifyProvider {
  url: string;
  /** The name of the shop in callbacks: its host. */
  shop: string;
  /** The requests, in order. */
  seen: { path: string; parameters: Record<string, string> }[];
  close(): Promise<void>;
}

/** Returns the signature of parameters: `hmac` over the sorted parameters. The parameters have no delimiters in their values. */
export function signatureOf(parameters: Readonly<Record<string, string>>, secret: string): string {
  const names = Object.keys(parameters).sort();
  return hmacOf(names.map((name) => `${name}=${parameters[name]}`).join('&'), secret);
}

export function hmacOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Starts a shop. It approves every installation, and signs its callbacks. Its API accepts `X-Shopify-Access-Token` only. */
export async function startShopifyProvider(clientId: string, secret: string): Promise<ShopifyProvider> {
  const codes = new Set<string>();
  const tokens = new Set<string>();
  const seen: ShopifyProvider['seen'] = [];
  const { port, close } = await listen((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const shop = `127.0.0.1:${port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', `http://${shop}`);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const parameters = Object.fromEntries([...searchParams, ...new URLSearchParams(body)]);
    seen.push({ path, parameters });
    if (path === '/admin/oauth/authorize') authorize(response, parameters);
    else if (path === '/admin/oauth/access_token') token(response, parameters);
    else if (path === '/admin/api/shop.json') api(request, response);
    else response.writeHead(404).end();
  }

  function authorize(
    response: ServerResponse,
    { redirect_uri: target = '', state = '' }: Record<string, string>,
  ): void {
    const code = randomUUID().replaceAll('-', '');
    codes.add(code);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const host = Buffer.from(`${shop}/admin`).toString('base64url');
    const parameters = { code, host, shop, state, timestamp };
    const signed = new URLSearchParams({ ...parameters, hmac: signatureOf(parameters, secret) });
    response.writeHead(302, { location: `${target}?${signed.toString()}` }).end();
  }

  function token(response: ServerResponse, form: Record<string, string>): void {
    const isGood = form.client_id === clientId && form.client_secret === secret && codes.delete(form.code ?? '');
    if (!isGood) {
      json(response, { error: 'invalid_request' }, 400);
      return;
    }
    const accessToken = `shpat_${randomUUID()}`;
    tokens.add(accessToken);
    json(response, { access_token: accessToken, scope: 'read_products,write_orders' });
  }

  function api({ headers }: IncomingMessage, response: ServerResponse): void {
    if (tokens.has(String(headers['x-shopify-access-token']))) json(response, { shop: { id: 1, domain: shop } });
    else json(response, { errors: '[API] Invalid API key or access token' }, 401);
  }

  return { url: `http://${shop}`, shop, seen, close };
}

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
