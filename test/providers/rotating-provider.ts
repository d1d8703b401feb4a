import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OAuth2Token } from '../../lib/index.js';
import { listen } from './listen.js';

/** A refresh as it came in. */
interface RefreshAttempt {
  user: string;
  /** Who asked, by the header `x-worker`. */
  worker: string;
  /** Whether the refresh token was used before: the whole grant is revoked by that. */
  isReuse: boolean;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
}

/** What a refresh is answered with; nothing, and the socket is closed (`hang up`) or left open (`never`). */
type RefreshAnswer = Answer | 'hang up' | 'never';

/** Answers a refresh; `process()` uses up the refresh token and makes the ordinary answer. */
export type RefreshScript = (attempt: RefreshAttempt, process: () => Answer) => RefreshAnswer | Promise<RefreshAnswer>;

interface Grant {
  user: string;
  accessToken: string;
  refreshToken: string;
  used: Set<string>;
  lastUsed?: { refreshToken: string; at: number };
  isRevoked: boolean;
}

export interface RotatingProviderOptions {
  /** Seconds that an access token lives. @default 3600 */
  lifetime?: number;
  /** Milliseconds that a refresh takes. @default 0 */
  latency?: number;
}

/** A provider whose refresh tokens can be used once: using one again revokes the grant (RFC 9700 §4.14.2), and the user is out. */
export interface RotatingProvider {
  url: string;
  /** Every refresh, in the order of arrival. */
  refreshes: RefreshAttempt[];
  /** Requests to the API, by their status. */
  calls: Record<number, number>;
  /** Milliseconds in which a refresh token may be used again, and is answered as before: none, at first. */
  grace: number;
  /** A grant of a user, with an access token that is over. */
  issueExpired(user: string): OAuth2Token;
  /** The same, with one that lives, for so many seconds. @default its whole lifetime */
  issue(user: string, secondsLeft?: number): OAuth2Token;
  /** The user takes the grant back. */
  revoke(user: string): void;
  /** The access token is of no use any more, whatever its expiry says; the refresh token is. */
  forgetAccessToken(user: string): void;
  /** One token, whoever's. */
  revokeAccessToken(token: OAuth2Token): void;
  isRevoked(user: string): boolean;
  /** What happens to refreshes from now on. */
  script(script: RefreshScript): void;
  close(): Promise<void>;
}

/** `POST /token` refreshes, or gives a client its own token; `GET /user` is the API. */
export async function startRotatingProvider({
  lifetime = 3600,
  latency = 0,
}: RotatingProviderOptions = {}): Promise<RotatingProvider> {
  const grants: Grant[] = [];
  const refreshes: RefreshAttempt[] = [];
  const calls: Record<number, number> = {};
  let script: RefreshScript = (_attempt, process) => process();

  const grantOf = (user: string): Grant => {
    const grant = grants.findLast((candidate) => candidate.user === user);
    if (!grant) throw new TypeError(`${user} has no grant`);
    return grant;
  };

  const issue = (user: string, expiresAt: number): OAuth2Token => {
    const accessToken = randomUUID();
    const refreshToken = randomUUID();
    grants.push({ user, accessToken, refreshToken, used: new Set(), isRevoked: false });
    return { accessToken, tokenType: 'bearer', refreshToken, expiresAt, expiresIn: lifetime };
  };

  const refresh = async (form: URLSearchParams, worker: string): Promise<RefreshAnswer> => {
    const refreshToken = form.get('refresh_token') ?? '';
    const grant = grants.find(
      (candidate) => candidate.refreshToken === refreshToken || candidate.used.has(refreshToken),
    );
    if (!grant) return REFUSED;
    const attempt = { user: grant.user, worker, isReuse: grant.used.has(refreshToken) };
    refreshes.push(attempt);
    await sleep(latency);
    return script(attempt, () => rotate(grant, refreshToken));
  };

  const rotate = (grant: Grant, refreshToken: string): Answer => {
    const { lastUsed } = grant;
    const isRepeated = lastUsed?.refreshToken === refreshToken && Date.now() - lastUsed.at < provider.grace;
    if (grant.used.has(refreshToken) && !isRepeated) grant.isRevoked = true;
    if (grant.isRevoked) return REFUSED;
    if (!isRepeated) {
      grant.used.add(refreshToken);
      grant.lastUsed = { refreshToken, at: Date.now() };
      grant.refreshToken = randomUUID();
      grant.accessToken = randomUUID();
    }
    return tokens({ access_token: grant.accessToken, refresh_token: grant.refreshToken });
  };

  const tokens = (json: Record<string, string>): Answer => ({
    status: 200,
    json: { token_type: 'Bearer', expires_in: lifetime, ...json },
  });

  const token = async (request: IncomingMessage): Promise<RefreshAnswer> => {
    const form = new URLSearchParams(await text(request));
    const worker = String(request.headers['x-worker'] ?? '');
    if (form.get('grant_type') === 'refresh_token') return refresh(form, worker);
    refreshes.push({ user: '', worker, isReuse: false });
    await sleep(latency);
    return tokens({ access_token: issue('', 0).accessToken });
  };

  const api = ({ headers }: IncomingMessage): Answer => {
    const grant = grants.findLast((candidate) => headers.authorization === `Bearer ${candidate.accessToken}`);
    if (grant && !grant.isRevoked) return { status: 200, json: { user: grant.user } };
    return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, json: {} };
  };

  const { port, close } = await listen((request, response) => {
    void (async () => {
      const isApi = request.url?.startsWith('/user');
      const answer = isApi ? api(request) : await token(request);
      if (isApi && typeof answer === 'object') calls[answer.status] = (calls[answer.status] ?? 0) + 1;
      send(response, answer);
    })();
  });

  const provider: RotatingProvider = {
    url: `http://127.0.0.1:${port}`,
    refreshes,
    calls,
    grace: 0,
    issueExpired: (user) => issue(user, 1),
    issue: (user, secondsLeft = lifetime) => issue(user, Math.floor(Date.now() / 1000) + secondsLeft),
    revoke: (user) => (grantOf(user).isRevoked = true),
    forgetAccessToken: (user) => (grantOf(user).accessToken = randomUUID()),
    revokeAccessToken({ accessToken }) {
      const grant = grants.find((candidate) => candidate.accessToken === accessToken);
      if (grant) grant.accessToken = randomUUID();
    },
    isRevoked: (user) => grantOf(user).isRevoked,
    script: (next) => (script = next),
    close,
  };
  return provider;
}

const REFUSED: Answer = { status: 400, json: { error: 'invalid_grant' } };

function send(response: ServerResponse, answer: RefreshAnswer): void {
  if (answer === 'never') return;
  if (answer === 'hang up') {
    response.socket?.destroy();
    return;
  }
  const { status, headers, json } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
}
