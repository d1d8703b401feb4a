import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { loginPage, messagePage } from './login-page.js';
import { bodyHash, isSignatureValid, type Parameters } from './oauth1-signature.js';
import { authenticate, type User } from './users.js';

/** An application that is registered with the provider. */
interface OAuth1Consumer {
  key: string;
  secret: string;
  /** Shown to the user. */
  name?: string;
  /** PEM, for the RSA methods. */
  rsaPublicKey?: string;
}

export interface OAuth1ProviderOptions {
  consumers: OAuth1Consumer[];
  /** @default any that is free */
  port?: number;
}

export interface OAuth1Provider {
  url: string;
  close(): Promise<void>;
}

/** Seconds that a timestamp may be off. */
const TIMESTAMP_TOLERANCE = 300;
const LOOK = { provider: 'Chirp', colour: '#1d6fa5' };
const FORM = 'application/x-www-form-urlencoded';

interface RequestToken {
  secret: string;
  consumer: OAuth1Consumer;
  callback: string;
  verifier?: string;
  user?: User;
}
interface AccessToken {
  secret: string;
  consumer: OAuth1Consumer;
  user: User;
}
/** Who signed a request, once that is proven. */
interface Proof {
  consumer: OAuth1Consumer;
  token?: string;
  protocol: Map<string, string>;
}

/** A refusal, in the words of the OAuth Problem Reporting extension. */
class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly advice: string,
  ) {
    super(code);
  }
}

/** An OAuth 1.0a provider (RFC 5849), strict about signatures, nonces, timestamps and the order of the steps. */
export async function startOAuth1Provider({ consumers, port = 0 }: OAuth1ProviderOptions): Promise<OAuth1Provider> {
  const server = await listen(oauth1Provider(new Map(consumers.map((consumer) => [consumer.key, consumer]))), port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function oauth1Provider(consumers: ReadonlyMap<string, OAuth1Consumer>): Express {
  const requestTokens = new Map<string, RequestToken>();
  const accessTokens = new Map<string, AccessToken>();
  const nonces = new Set<string>();
  const app = express();
  app.use(express.raw({ type: () => true, limit: '5mb' }));

  app.all('/oauth/request_token', (request, response) => {
    const { consumer, protocol } = prove(request, () => '');
    const callback = required(protocol, 'oauth_callback');
    if (callback !== 'oob' && !URL.canParse(callback)) throw new Problem(400, 'parameter_rejected', 'oauth_callback');
    const [token, secret] = [random(), random()];
    requestTokens.set(token, { secret, consumer, callback });
    sendForm(response, { oauth_token: token, oauth_token_secret: secret, oauth_callback_confirmed: 'true' });
  });

  app.get('/oauth/authorize', (request, response) => {
    const { oauth_token: token = '' } = request.query as Record<string, string>;
    response.send(consentPage(token, pending(token)));
  });

  app.post('/oauth/authorize', (request, response) => {
    const form = new URLSearchParams(bodyOf(request).toString());
    const token = form.get('oauth_token') ?? '';
    const login = pending(token);
    if (form.get('decision') !== 'allow') {
      requestTokens.delete(token);
      response.redirect(302, withQuery(login.callback, { denied: token }));
      return;
    }
    login.user = authenticate(form.get('username'), form.get('password'));
    if (!login.user) {
      response.status(401).send(consentPage(token, login, 'No such user, or another password.'));
      return;
    }
    login.verifier = random();
    if (login.callback === 'oob') response.send(messagePage(LOOK, `Your code is ${login.verifier}`));
    else response.redirect(302, withQuery(login.callback, { oauth_token: token, oauth_verifier: login.verifier }));
  });

  app.all('/oauth/access_token', (request, response) => {
    const { consumer, token = '', protocol } = prove(request, (name) => requestTokens.get(name)?.secret);
    const login = pending(token);
    requestTokens.delete(token);
    if (login.consumer !== consumer) throw new Problem(401, 'token_rejected', "another consumer's request token");
    if (!login.user || required(protocol, 'oauth_verifier') !== login.verifier) {
      throw new Problem(401, 'verifier_invalid', 'the user has not authorised this token, or with another verifier');
    }
    const [name, secret] = [random(), random()];
    accessTokens.set(name, { secret, consumer: login.consumer, user: login.user });
    sendForm(response, { oauth_token: name, oauth_token_secret: secret, screen_name: login.user.username });
  });

  app.all('/api/me', (request, response) => {
    const { id, username, name } = callerOf(request);
    response.json({ id, screen_name: username, name });
  });

  app.all('/api/echo', (request, response) => {
    callerOf(request);
    const { method, query, headers } = request;
    response.json({ method, query, contentType: headers['content-type'], body: bodyOf(request).toString('base64') });
  });

  app.all('/api/redirect', (request, response) => {
    callerOf(request);
    const { status = '302', to = '/' } = request.query as Record<string, string>;
    response.redirect(Number(status), to);
  });

  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof Problem)) {
      next(error);
      return;
    }
    sendForm(response.status(error.status), { oauth_problem: error.code, oauth_problem_advice: error.advice });
  });
  return app;

  function pending(token: string): RequestToken {
    const login = requestTokens.get(token);
    if (!login) throw new Problem(401, 'token_rejected', 'no such request token, or used already');
    return login;
  }

  function callerOf(request: Request): User {
    const { consumer, token = '' } = prove(request, (name) => accessTokens.get(name)?.secret);
    const access = accessTokens.get(token);
    if (access?.consumer !== consumer) throw new Problem(401, 'token_rejected', 'no such access token');
    return access.user;
  }

  /** RFC 5849 §3.2: consumer, token, timestamp, nonce, body hash and signature. */
  function prove(request: Request, tokenSecretOf: (token: string) => string | undefined): Proof {
    const { parameters, protocol, isForm } = readParameters(request);
    const consumer = consumers.get(required(protocol, 'oauth_consumer_key'));
    if (!consumer) throw new Problem(401, 'consumer_key_unknown', 'no such consumer');
    if ((protocol.get('oauth_version') ?? '1.0') !== '1.0') throw new Problem(400, 'version_rejected', '1.0');
    const token = protocol.get('oauth_token');
    const tokenSecret = tokenSecretOf(token ?? '');
    if (tokenSecret === undefined) throw new Problem(401, 'token_rejected', 'no such token');

    const method = required(protocol, 'oauth_signature_method');
    const [timestamp, nonce] = [required(protocol, 'oauth_timestamp'), required(protocol, 'oauth_nonce')];
    if (!/^\d+$/.test(timestamp) || Math.abs(Number(timestamp) - Date.now() / 1000) > TIMESTAMP_TOLERANCE) {
      throw new Problem(401, 'timestamp_refused', 'more than five minutes off');
    }
    const body = isForm ? undefined : bodyOf(request);
    const hash = protocol.get('oauth_body_hash');
    if (hash !== undefined && (!body || hash !== bodyHash(body, method))) {
      throw new Problem(400, 'parameter_rejected', 'oauth_body_hash');
    }
    const url = `${request.protocol}://${request.headers.host ?? ''}${request.path}`;
    const secrets = {
      consumerKey: consumer.key,
      consumerSecret: consumer.secret,
      tokenSecret,
      rsaPublicKey: consumer.rsaPublicKey,
    };
    const signature = required(protocol, 'oauth_signature');
    if (!isSignatureValid({ method: request.method, url, parameters, body }, method, signature, secrets)) {
      throw new Problem(401, 'signature_invalid', `checked by ${method}`);
    }
    const use = [consumer.key, timestamp, nonce, token].join('\n');
    if (nonces.has(use)) throw new Problem(401, 'nonce_used', 'every request has a nonce of its own');
    nonces.add(use);
    return { consumer, token, protocol };
  }
}

/** Parameters by where they may be (RFC 5849 §3.5); the protocol's own must be in one place, and there once. */
function readParameters(request: Request): { parameters: Parameters; protocol: Map<string, string>; isForm: boolean } {
  const isForm = request.headers['content-type']?.startsWith(FORM) ?? false;
  const header = headerParameters(request.headers.authorization);
  const query = [...new URL(request.originalUrl, 'http://localhost').searchParams];
  const form = isForm ? [...new URLSearchParams(bodyOf(request).toString())] : [];
  const protocolOf = (parameters: Parameters): Parameters => parameters.filter(([name]) => name.startsWith('oauth_'));
  const places = [header, query, form].map(protocolOf).filter((parameters) => parameters.length > 0);
  if (places.length !== 1) throw new Problem(400, 'parameter_rejected', 'OAuth parameters in one place');
  const [place = []] = places;
  const protocol = new Map(place);
  if (protocol.size !== place.length) throw new Problem(400, 'parameter_rejected', 'an OAuth parameter came twice');
  return { parameters: [...header, ...query, ...form], protocol, isForm };
}

function headerParameters(header = ''): [string, string][] {
  if (!/^OAuth /i.test(header)) return [];
  return [...header.slice('OAuth '.length).matchAll(/([\w%]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    decodeURIComponent(name),
    decodeURIComponent(value),
  ]);
}

function required(protocol: ReadonlyMap<string, string>, name: string): string {
  const value = protocol.get(name);
  if (!value) throw new Problem(400, 'parameter_absent', name);
  return value;
}

function consentPage(token: string, { consumer }: RequestToken, fault?: string): string {
  return loginPage({
    ...LOOK,
    client: consumer.name ?? consumer.key,
    wishes: ['see who you are', 'read your messages'],
    action: '/oauth/authorize',
    hidden: { oauth_token: token },
    fault,
  });
}

function bodyOf(request: Request): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function sendForm(response: Response, fields: Record<string, string>): void {
  response.type(FORM).send(new URLSearchParams(fields).toString());
}

function withQuery(url: string, parameters: Record<string, string>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  return target.href;
}

function random(): string {
  return randomBytes(16).toString('hex');
}

function listen(app: Express, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', () => resolve(server));
    server.on('error', reject);
  });
}
