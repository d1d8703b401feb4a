import { createHash, randomUUID, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  calculateJwkThumbprint,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { listen } from './listen.js';

/** The parameters of a request or a response. */
type Parameters = Record<string, string>;
type Answer = Record<string, unknown>;

/** A signing key of the provider, and its published JWK. */
export interface ProviderKey {
  privateKey: CryptoKey;
  publicJwk: JWK;
}

/** A JWT before it is signed. */
export interface UnsignedJwt {
  header: { alg: string; kid?: string; [name: string]: unknown };
  claims: JWTPayload;
}

/** The deviations of this provider. Each function receives the correct value. */
export interface Deviations {
  metadata?: (metadata: Answer) => Answer;
  jwks?: (keys: JWK[]) => JWK[];
  /** Changes the claims and the header of every id_token. */
  idToken?: (jwt: UnsignedJwt) => UnsignedJwt;
  /** Changes the signed id_token. */
  signedIdToken?: (idToken: string) => string | Promise<string>;
  /** Changes the authorization response. */
  authorizationResponse?: (response: Parameters) => Parameters;
  /** Changes the claims and the header of the JWT in the authorization response (JARM). */
  jarm?: (jwt: UnsignedJwt) => UnsignedJwt;
  signedJarm?: (jarm: string) => string | Promise<string>;
  tokenAnswer?: (answer: Answer) => Answer;
  userinfo?: (claims: Answer) => Answer;
  /** Whether the userinfo response is signed. */
  signsUserinfo?: boolean;
  /** Where proofs must contain the provider's nonce (RFC 9449 §8, §9). */
  wantsDpopNonce?: 'everywhere' | 'at the API';
  /** The key with which the client signs its requests and its assertions. */
  clientKey?: KeyObject;
  /** The scheme in the challenge of the API. @default 'DPoP' */
  dpopScheme?: string;
}

/** A request to an endpoint. */
interface SeenRequest {
  path: string;
  headers: IncomingMessage['headers'];
  parameters: Parameters;
}

export interface ConformanceProvider {
  url: string;
  seen: SeenRequest[];
  /** Returns the number of requests to a path. */
  times(path: string): number;
  close(): Promise<void>;
}

const NONCE = 'a-nonce-of-the-provider';
const SUBJECT = 'ada';

export const RS256 = await providerKey('RS256', 'rsa-1');
export const OTHER_RS256 = await providerKey('RS256', 'rsa-1');
const ES256 = await providerKey('ES256', 'ec-1');
export const PS256 = await providerKey('PS256', 'ps-1');

async function providerKey(alg: string, kid: string): Promise<ProviderKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), alg, kid, use: 'sig' } };
}

/** Signs with the key above that matches the header's `alg`. With `none`, it does not sign. */
export async function sign({ header, claims }: UnsignedJwt, key?: ProviderKey): Promise<string> {
  const { alg } = header;
  if (alg === 'none') return `${encode(header)}.${encode(claims)}.`;
  const { privateKey } = key ?? (alg === 'ES256' ? ES256 : alg === 'PS256' ? PS256 : RS256);
  return new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Returns the left half of the hash of a value that an id_token is bound to (OpenID Connect Core §3.1.3.6). */
export function leftHalf(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');
}

/**
 * Starts a provider that is correct except for the deviations. It supports `code` and `code id_token`, PAR, JARM, DPoP,
 * userinfo and an API. It signs every user in as `ada`, without a login page.
 */
export async function startConformanceProvider(alg: string, deviations: Deviations): Promise<ConformanceProvider> {
  const { port, close } = await listen((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const issuer = `http://127.0.0.1:${port}`;
  const seen: SeenRequest[] = [];
  const pushed = new Map<string, Parameters>();
  const codes = new Map<string, Parameters>();
  const tokens = new Map<string, { jkt?: string }>();
  const change = <T>(deviation: ((right: T) => T) | undefined, right: T): T => deviation?.(right) ?? right;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', issuer);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    const parameters = Object.fromEntries([...searchParams, ...form]);
    seen.push({ path, headers: request.headers, parameters });
    const handle = ROUTES[path];
    if (handle) await handle(request, response, parameters);
    else response.writeHead(404).end();
  }

  type Handler = (request: IncomingMessage, response: ServerResponse, parameters: Parameters) => unknown;
  const ROUTES: Record<string, Handler> = {
    '/.well-known/openid-configuration': (_, response) => json(response, change(deviations.metadata, metadata())),
    '/jwks': (_, response) => {
      const keys = [RS256, ES256, PS256].map(({ publicJwk }) => publicJwk).filter((jwk) => jwk.alg === alg);
      json(response, { keys: change(deviations.jwks, keys) });
    },
    '/par': async (_, response, { request = '', ...parameters }) => {
      const reference = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
      await verifyAssertion(parameters);
      pushed.set(reference, request ? await signedByClient(request, 'oauth-authz-req+jwt') : parameters);
      json(response, { request_uri: reference, expires_in: 60 }, 201);
    },
    '/authorize': async (_, response, { request_uri: reference = '', ...direct }) => {
      const asked = pushed.get(reference) ?? direct;
      const { redirect_uri: target = '', response_mode: mode } = asked;
      const given = await authorizationResponse(asked);
      if (mode === 'form_post') formPost(response, target, given);
      else response.writeHead(302, { location: `${target}?${new URLSearchParams(given).toString()}` }).end();
    },
    '/token': token,
    '/userinfo': async (request, response) => {
      if (!(await hasGoodToken(request, response))) return;
      const claims = change(deviations.userinfo, { sub: SUBJECT, email: 'ada@example.org', email_verified: true });
      if (!deviations.signsUserinfo) {
        json(response, claims);
        return;
      }
      const jwt = await sign({ header: { alg, kid: kidOf(alg) }, claims: { iss: issuer, aud: 'rp', ...claims } });
      response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt);
    },
    '/accounts': async (request, response) => {
      if (await hasGoodToken(request, response)) json(response, { accounts: [SUBJECT] });
    },
  };

  function metadata(): Answer {
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      pushed_authorization_request_endpoint: `${issuer}/par`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: [alg],
      userinfo_signing_alg_values_supported: [alg],
      authorization_signing_alg_values_supported: [alg],
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
    };
  }

  /** RFC 6749 §4.1.2, with `iss` (RFC 9207), in a JWT if the request asks for one (JARM). */
  async function authorizationResponse(asked: Parameters): Promise<Parameters> {
    const code = randomUUID();
    codes.set(code, asked);
    const { state = '', response_type: type = '', response_mode: mode = '' } = asked;
    const idToken = type.includes('id_token')
      ? await idTokenFor(asked, { c_hash: leftHalf(code), s_hash: leftHalf(state) })
      : undefined;
    const plain = { code, state, iss: issuer, ...(idToken && { id_token: idToken }) };
    const response = change(deviations.authorizationResponse, plain);
    if (!mode.endsWith('jwt')) return response;
    const claims = { ...response, aud: 'rp', exp: seconds() + 60 };
    const jarm = await sign(change(deviations.jarm, { header: { alg, kid: kidOf(alg) }, claims }));
    return { response: (await deviations.signedJarm?.(jarm)) ?? jarm };
  }

  async function idTokenFor({ nonce }: Parameters, hashes: JWTPayload): Promise<string> {
    const now = seconds();
    const claims = {
      iss: issuer,
      aud: 'rp',
      sub: SUBJECT,
      iat: now,
      exp: now + 300,
      ...(nonce && { nonce }),
      ...hashes,
    };
    const idToken = await sign(change(deviations.idToken, { header: { alg, kid: kidOf(alg) }, claims }));
    return (await deviations.signedIdToken?.(idToken)) ?? idToken;
  }

  async function signedByClient(jwt: string, typ?: string): Promise<Parameters> {
    if (!deviations.clientKey) throw new Error('the client has no key');
    const { payload } = await jwtVerify(jwt, deviations.clientKey, { audience: issuer, issuer: 'rp', typ });
    return payload as Parameters;
  }

  /** RFC 7523 §3. */
  async function verifyAssertion({ client_assertion: assertion }: Parameters): Promise<void> {
    if (assertion) await signedByClient(assertion);
  }

  async function token(request: IncomingMessage, response: ServerResponse, form: Parameters): Promise<void> {
    await verifyAssertion(form);
    const login = codes.get(form.code ?? '');
    codes.delete(form.code ?? '');
    const challenge = createHash('sha256')
      .update(form.code_verifier ?? '')
      .digest('base64url');
    if (login?.code_challenge !== challenge) {
      json(response, { error: 'invalid_grant' }, 400);
      return;
    }
    const jkt = await proofThumbprint(request, 'POST', '/token');
    if (jkt === 'use_dpop_nonce') {
      codes.set(form.code ?? '', login);
      response.setHeader('dpop-nonce', NONCE);
      json(response, { error: 'use_dpop_nonce' }, 400);
      return;
    }
    const accessToken = randomUUID();
    tokens.set(accessToken, { jkt });
    const idToken = login.scope?.includes('openid')
      ? await idTokenFor(login, { at_hash: leftHalf(accessToken) })
      : undefined;
    const right = {
      access_token: accessToken,
      token_type: jkt ? 'DPoP' : 'Bearer',
      expires_in: 300,
      scope: login.scope,
      ...(idToken && { id_token: idToken }),
    };
    json(response, change(deviations.tokenAnswer, right));
  }

  /** RFC 6750 §2.1, RFC 9449 §7.1. */
  async function hasGoodToken(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [scheme = '', accessToken = ''] = (request.headers.authorization ?? '').split(' ');
    const bound = tokens.get(accessToken);
    const path = new URL(request.url ?? '', issuer).pathname;
    const jkt = await proofThumbprint(request, 'GET', path, accessToken);
    if (jkt === 'use_dpop_nonce') {
      const name = deviations.dpopScheme ?? 'DPoP';
      response.setHeader('dpop-nonce', NONCE).setHeader('www-authenticate', `${name} error="use_dpop_nonce"`);
    } else if (bound && bound.jkt === jkt && scheme.toLowerCase() === (jkt ? 'dpop' : 'bearer')) {
      return true;
    }
    json(response, { error: 'invalid_token' }, 401);
    return false;
  }

  /** Returns the thumbprint of the key of a valid proof (RFC 9449 §4.3), or undefined without a proof. */
  async function proofThumbprint(
    { headers }: IncomingMessage,
    method: string,
    path: string,
    accessToken?: string,
  ): Promise<string | undefined> {
    const { dpop } = headers;
    if (typeof dpop !== 'string') return undefined;
    const { payload, protectedHeader } = await jwtVerify(dpop, EmbeddedJWK, { typ: 'dpop+jwt' });
    const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
    const isGood = payload.htm === method && payload.htu === issuer + path && payload.ath === ath && payload.jti;
    if (!isGood) return 'a bad proof';
    const { wantsDpopNonce } = deviations;
    const wantsNonce = wantsDpopNonce === 'everywhere' || (wantsDpopNonce === 'at the API' && ath !== undefined);
    if (wantsNonce && payload.nonce !== NONCE) return 'use_dpop_nonce';
    return calculateJwkThumbprint(protectedHeader.jwk as JWK);
  }

  return { url: issuer, seen, times: (path) => seen.filter((request) => request.path === path).length, close };
}

function kidOf(alg: string): string | undefined {
  return { RS256, ES256, PS256 }[alg]?.publicJwk.kid;
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Responds with a form that a browser submits automatically. Tests submit its fields. */
function formPost(response: ServerResponse, target: string, fields: Parameters): void {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}"/>`,
  );
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(`<form method="post" action="${target}">${inputs.join('')}</form>`);
}
