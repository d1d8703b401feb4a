import { randomBytes } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { listen } from './listen.js';
import { icon, LOGIN_IS_OVER, loginPage, messagePage } from './login-page.js';
import { readParameters, required } from './oauth1-parameters.js';
import { Problem } from './oauth1-problem.js';
import { bodyHash, isSignatureValid } from './oauth1-signature.js';
import { authenticate, type User } from './users.js';

/** A registered application. */
interface OAuth1Consumer {
  key: string;
  secret: string;
  /** The name that the user sees. */
  name?: string;
  /** The public key in PEM, for the RSA methods. */
  rsaPublicKey?: string;
}

export interface OAuth1ProviderOptions {
  consumers: OAuth1Consumer[];
  /** @default a free port */
  port?: number;
}

export interface OAuth1Provider {
  url: string;
  /** Its endpoints, as settings of a client. */
  settings: { requestTokenUrl: string; authorizeUrl: string; accessTokenUrl: string };
  close(): Promise<void>;
}

/** The allowed clock skew of a timestamp in seconds. */
const TIMESTAMP_TOLERANCE = 300;
const LOOK = { provider: 'Chirp', color: '#1d6fa5' };
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
/** The consumer and the token of a request with a valid signature. */
interface Proof {
  consumer: OAuth1Consumer;
  token?: string;
  protocol: Map<string, string>;
}

/** An OAuth 1.0a provider (RFC 5849), strict about signatures, nonces, timestamps and the order of the steps. */
export async function startOAuth1Provider(options: OAuth1ProviderOptions): Promise<OAuth1Provider> {
  const consumers = new Map(options.consumers.map((consumer) => [consumer.key, consumer]));
  const { port, close } = await listen(oauth1Provider(consumers), options.port);
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    requestTokenUrl: `${url}/oauth/request_token`,
    authorizeUrl: `${url}/oauth/authorize`,
    accessTokenUrl: `${url}/oauth/access_token`,
  };
  return { url, settings, close };
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
    response.set('Cache-Control', 'no-store').send(consentPage(token, undecided(token)));
  });

  app.post('/oauth/authorize', (request, response) => {
    const form = new URLSearchParams(bodyOf(request).toString());
    const token = form.get('oauth_token') ?? '';
    const login = undecided(token);
    if (form.get('decision') !== 'allow') {
      requestTokens.delete(token);
      sendBack(response, login, { denied: token }, 'You said no.');
      return;
    }
    login.user = authenticate(form.get('username'), form.get('password'));
    if (!login.user) {
      response.status(401).send(consentPage(token, login, 'No such user, or another password.'));
      return;
    }
    login.verifier = random();
    const verdict = { oauth_token: token, oauth_verifier: login.verifier };
    sendBack(response, login, verdict, `Your code is ${login.verifier}`);
  });

  app.all('/oauth/access_token', (request, response) => {
    const { consumer, token = '', protocol } = prove(request, (name) => requestTokens.get(name)?.secret);
    const login = pending(token);
    requestTokens.delete(token);
    if (login.consumer !== consumer) throw new Problem(401, 'token_rejected', "another consumer's request token");
    if (!login.user || required(protocol, 'oauth_verifier') !== login.verifier) {
      throw new Problem(401, 'verifier_invalid', 'the user has not authorized this token, or with another verifier');
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

  app.get('/favicon.ico', (_request, response) => void response.type('svg').send(icon(LOOK)));

  app.use((_request, response) => void response.status(404).send(messagePage(LOOK, 'There is no such page.')));

  app.use((error: Error, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof Problem)) {
      next(error);
      return;
    }
    response.status(error.status).set('WWW-Authenticate', `OAuth realm="${LOOK.provider}"`);
    if (request.path === '/oauth/authorize') response.send(messagePage(LOOK, LOGIN_IS_OVER));
    else sendForm(response, { oauth_problem: error.code, oauth_problem_advice: error.advice });
  });
  return app;

  function pending(token: string): RequestToken {
    const login = requestTokens.get(token);
    if (!login) throw new Problem(401, 'token_rejected', 'no such request token, or used already');
    return login;
  }

  function undecided(token: string): RequestToken {
    const login = pending(token);
    if (login.verifier) throw new Problem(401, 'token_rejected', 'this request token was authorized already');
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
    const { authorization, 'content-type': contentType = '' } = request.headers;
    const isForm = contentType.startsWith(FORM);
    const form = isForm ? bodyOf(request).toString() : '';
    const { parameters, protocol } = readParameters({ authorization, url: request.originalUrl, form });
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
    const hash = protocol.get('oauth_body_hash');
    if (hash !== undefined && (isForm || hash !== bodyHash(bodyOf(request), method))) {
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
    if (!isSignatureValid({ method: request.method, url, parameters }, method, signature, secrets)) {
      throw new Problem(401, 'signature_invalid', `checked by ${method}`);
    }
    const use = [consumer.key, timestamp, nonce, token].join('\n');
    if (nonces.has(use)) throw new Problem(401, 'nonce_used', 'every request has a nonce of its own');
    nonces.add(use);
    return { consumer, token, protocol };
  }
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

/** Redirects to the callback, or shows the verifier if there is no callback (`oob`). */
function sendBack(
  response: Response,
  { callback }: RequestToken,
  parameters: Record<string, string>,
  message: string,
): void {
  if (callback === 'oob') response.send(messagePage(LOOK, message));
  else response.redirect(302, withQuery(callback, parameters));
}

function withQuery(url: string, parameters: Record<string, string>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  return target.href;
}

function random(): string {
  return randomBytes(16).toString('hex');
}
