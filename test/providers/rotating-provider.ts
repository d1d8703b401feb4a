import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OAuth2Token } from '../../lib/index.js';
import { listen } from './listen.js';

/** A received refresh request. */
interface RefreshAttempt {
  user: string;
  /** The process that sent the request, from the header `x-worker`. */
  worker: string;
  /** Whether the refresh token was used before, which revokes the grant. */
  isReuse: boolean;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
}

/** The response to a refresh. Without a response, the socket is closed (`hang up`) or left open (`never`). */
type RefreshAnswer = Answer | 'hang up' | 'never';

/** Returns the response to a refresh. `process()` uses the refresh token and returns the normal response. */
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
  /** The lifetime of an access token in seconds. @default 3600 */
  lifetime?: number;
  /** The duration of a refresh in milliseconds. @default 0 */
  latency?: number;
}

/** A provider whose refresh tokens can be used once. Reuse of a refresh token revokes the grant (RFC 9700 §4.14.2). */
export interface RotatingProvider {
  url: string;
  /** The refresh requests in order of arrival. */
  refreshes: RefreshAttempt[];
  /** The number of API requests by status. */
  calls: Record<number, number>;
  /** The grace period in milliseconds, in which reuse of a refresh token returns the same response. Initially 0. */
  grace: number;
  /** Issues a grant for a user, with an expired access token. */
  issueExpired(user: string): OAuth2Token;
  /** Issues a grant for a user, with an access token that expires after `secondsLeft`. @default its lifetime */
  issue(user: string, secondsLeft?: number): OAuth2Token;
  /** Revokes the grant of a user. */
  revoke(user: string): void;
  /** Revokes the access token of a user, but not the refresh token. */
  forgetAccessToken(user: string): void;
  /** Revokes an access token. */
  revokeAccessToken(token: OAuth2Token): void;
  isRevoked(user: string): boolean;
  /** Sets the script for the following refreshes. */
  script(script: RefreshScript): void;
  close(): Promise<void>;
}

/** Starts the provider. `POST /token` accepts refresh_token and client_credentials; `GET /user` or `GET /api/user` is the API. */
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
      const isApi = /^(\/api)?\/user/.test(request.url ?? '');
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
