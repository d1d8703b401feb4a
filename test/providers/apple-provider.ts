import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { listen } from './listen.js';

type Parameters = Record<string, string>;

/** The registration of the client, and the behavior of the provider. */
export interface AppleOptions {
  clientId: string;
  teamId: string;
  keyId: string;
  /** The client's key, whose public half Apple knows. */
  key: KeyObject;
}

/** A provider that behaves like Sign in with Apple. */
export interface AppleProvider {
  url: string;
  /** The form requests to each endpoint, in order. */
  seen: { path: string; headers: IncomingMessage['headers']; form: Parameters }[];
  /** How far the provider's clock is ahead, in seconds. */
  clockAhead: number;
  /** Sent instead of the response to every form request. */
  failure?: (form: Parameters) => { status: number; body: string };
  close(): Promise<void>;
}

const KEY = await generateKeyPair('RS256');
const JWK = { ...(await exportJWK(KEY.publicKey)), kid: 'apple', use: 'sig', alg: 'RS256' };
export const SUBJECT = '000792.d71059495fa24644b94e4a644e2e3b4a.0638';
/** The `user` field of the first login. */
export const USER = '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"ada@privaterelay.appleid.com"}';

/**
 * Starts a provider like Apple's: the client secret is a JWT, the callback is a form post, and only the first callback of a user
 * contains the user's name.
 */
export async function startAppleProvider({ clientId, teamId, keyId, key }: AppleOptions): Promise<AppleProvider> {
  const codes = new Map<string, Parameters>();
  const refreshTokens = new Set<string>();
  let isKnown = false;
  const { port, close } = await listen((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const issuer = `http://127.0.0.1:${port}`;
  const provider: AppleProvider = { url: issuer, seen: [], clockAhead: 0, close };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', issuer);
    if (path === '/.well-known/openid-configuration') json(response, metadata());
    else if (path === '/auth/keys') json(response, { keys: [JWK] });
    else if (path === '/auth/authorize') authorize(response, Object.fromEntries(searchParams));
    else if (path === '/auth/token' || path === '/auth/revoke') await formRequest(request, response, path);
    else response.writeHead(404).end();
  }

  function metadata(): object {
    return {
      issuer,
      authorization_endpoint: `${issuer}/auth/authorize`,
      token_endpoint: `${issuer}/auth/token`,
      revocation_endpoint: `${issuer}/auth/revoke`,
      jwks_uri: `${issuer}/auth/keys`,
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    };
  }

  /** Signs the user in without a login page, and returns a page with the form for the callback. */
  function authorize(response: ServerResponse, asked: Parameters): void {
    const { redirect_uri: target = '', state = '', scope = '', response_mode: mode } = asked;
    // Apple refuses scopes without form_post
    if (scope.trim() !== 'openid' && mode !== 'form_post') {
      response
        .writeHead(400)
        .end('invalid_request: response_mode must be form_post when name or email scope is requested');
      return;
    }
    const code = randomUUID();
    codes.set(code, asked);
    const fields = { code, state, ...(!isKnown && { user: USER }) };
    isKnown = true;
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}">`,
    );
    const page = `<form method="post" action="${target}">${inputs.join('')}</form>`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  }

  async function formRequest(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = Object.fromEntries(new URLSearchParams(body));
    provider.seen.push({ path, headers: request.headers, form });
    if (provider.failure) {
      const { status, body: text } = provider.failure(form);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      return;
    }
    if (!(await isClient(form))) json(response, { error: 'invalid_client' }, 400);
    else if (path === '/auth/token') json(response, ...(await tokenFor(form)));
    else {
      refreshTokens.delete(form.token ?? '');
      response.writeHead(200).end();
    }
  }

  /** Checks the client secret as Apple does: its signature, its claims, and a lifetime of at most six months. */
  async function isClient({ client_id: id, client_secret: secret = '' }: Parameters): Promise<boolean> {
    const now = seconds();
    try {
      const { payload, protectedHeader } = await jwtVerify(secret, createPublicKey(key), {
        algorithms: ['ES256'],
        issuer: teamId,
        subject: clientId,
        audience: issuer,
        currentDate: new Date(now * 1000),
        requiredClaims: ['iat', 'exp'],
      });
      const { iat = 0, exp = 0 } = payload;
      return id === clientId && protectedHeader.kid === keyId && iat <= now && exp <= iat + 15_777_000;
    } catch {
      return false;
    }
  }

  async function tokenFor(form: Parameters): Promise<[body: object, status?: number]> {
    const common = { access_token: `access-${randomUUID()}`, token_type: 'Bearer', expires_in: 3600 };
    if (form.grant_type === 'refresh_token') {
      if (!refreshTokens.has(form.refresh_token ?? '')) return [{ error: 'invalid_grant' }, 400];
      return [{ ...common, id_token: await idToken() }];
    }
    const asked = codes.get(form.code ?? '');
    codes.delete(form.code ?? '');
    if (asked?.redirect_uri !== form.redirect_uri) return [{ error: 'invalid_grant' }, 400];
    const refreshToken = `refresh-${randomUUID()}`;
    refreshTokens.add(refreshToken);
    return [{ ...common, refresh_token: refreshToken, id_token: await idToken(asked?.nonce) }];
  }

  function idToken(nonce?: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: clientId,
      sub: SUBJECT,
      iat: now,
      exp: now + 86_400,
      ...(nonce && { nonce, nonce_supported: true }),
      email: 'ada@privaterelay.appleid.com',
      email_verified: 'true',
      is_private_email: 'true',
      auth_time: now,
    };
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'apple' }).sign(KEY.privateKey);
  }

  function seconds(): number {
    return Math.floor(Date.now() / 1000) + provider.clockAhead;
  }

  return provider;
}

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
