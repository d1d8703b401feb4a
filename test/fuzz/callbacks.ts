import { toUSVString } from 'node:util';
import { beginLogin, callbackRequest } from './browser-login.js';
import { answerProblems } from './checks.js';
import type { FuzzContext } from './context.js';
import { claimsFor, USER } from './endpoints.js';
import { jwtOf } from './hostile-jwt.js';
import { changedParameters } from './hostile-parameters.js';
import type { HostileRequest } from './hostile-request.js';
import type { Problem } from './problem.js';
import { cookiesOf, headerValues, sendRaw, type RawAnswer, type RawRequest } from './raw-request.js';
import type { Site } from './site.js';

/** The honest provider of the clients. */
export const HONEST = 'honest';

/** A valid request, which would succeed. */
interface GoodRequest {
  method: 'GET' | 'POST';
  parameters: [name: string, value: string][];
  cookie: string;
}

const LOGOUT_EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/** Sends a hostile request to a site, and returns the problems of the response. */
export async function runRequest(
  input: HostileRequest,
  { provider, sites, lastError }: FuzzContext,
): Promise<Problem[]> {
  const site = sites[input.site % sites.length]!;
  const issuer = provider.issuer(HONEST);
  const good = await goodRequest(input, site, issuer);
  const request = hostileRequestOf(input, good);
  const answer = await sendRaw(site.url, request);
  const route = `${input.route} (${input.client})`;
  const problems = answerProblems(answer, { route, lastError, verifiers: provider.verifiers(HONEST) });
  if (answer) problems.push(...loginProblems(input, answer, `${route} on ${site.name}`));
  return problems;
}

async function goodRequest(input: HostileRequest, site: Site, issuer: string): Promise<GoodRequest> {
  const { route, client, begun, returnTo, jwt } = input;
  const nothing: GoodRequest = { method: 'GET', parameters: [], cookie: '' };
  const next: [string, string] = ['next', returnTo ?? '/account'];
  switch (route) {
    case 'login':
    case 'logout':
      return { ...nothing, parameters: [next] };
    case 'callback': {
      if (!begun) return { ...nothing, parameters: [['code', 'x'], ['state', 'x']] }; // prettier-ignore
      const { method, callback, cookie } = await beginLogin(site.url, client, issuer, {
        next: returnTo === undefined ? undefined : toUSVString(returnTo),
        jwt,
      });
      return { method, parameters: callback, cookie };
    }
    case 'signed-out': {
      const target = `/auth/${client}/logout?next=${encodeURIComponent(toUSVString(next[1]))}`;
      const answer = begun && (await sendRaw(site.url, { method: 'GET', target, headers: [] }));
      const [location = ''] = answer ? headerValues(answer, 'location') : [];
      const state = URL.canParse(location) ? (new URL(location).searchParams.get('state') ?? 'x') : 'x';
      return { ...nothing, parameters: [['state', state]], cookie: answer ? cookiesOf(answer) : '' };
    }
    case 'backchannel-logout': {
      const claims = claimsFor(issuer, { jti: String(Math.random()), events: LOGOUT_EVENT });
      return { ...nothing, method: 'POST', parameters: [['logout_token', jwtOf(claims, jwt, 'logout+jwt')]] };
    }
    case 'frontchannel-logout': {
      const parameters: [string, string][] = [['iss', issuer], ['sid', 'a-session']]; // prettier-ignore
      if (!begun) return { ...nothing, parameters };
      const login = await beginLogin(site.url, client, issuer);
      const answer = await sendRaw(site.url, callbackRequest(client, login));
      return { ...nothing, parameters, cookie: answer ? cookiesOf(answer) : '' };
    }
  }
}

function hostileRequestOf(input: HostileRequest, good: GoodRequest): RawRequest {
  const { route, client, provider = client, method = good.method, changes, contentType } = input;
  const parameters = changedParameters(good.parameters, changes);
  const hasBody = good.method === 'POST' ? method !== 'GET' : method === 'POST' || method === 'PUT';
  const cookie = cookieOf(input, good.cookie);
  const headers: [string, string][] = [
    ...(cookie === '' ? [] : [['Cookie', cookie] as [string, string]]),
    ...(hasBody ? [['Content-Type', contentType ?? 'application/x-www-form-urlencoded'] as [string, string]] : []),
    ...(input.headers ?? [['X-Forwarded-Proto', 'https']]),
  ];
  const path = `/auth/${provider}/${route}`;
  return { method, target: hasBody ? path : `${path}?${parameters}`, headers, body: hasBody ? parameters : undefined };
}

function cookieOf({ cookie }: HostileRequest, good: string): string {
  switch (cookie) {
    case undefined:
      return good;
    case 'none':
      return '';
    case 'cut':
      return good.slice(0, -5);
    case 'changed':
      return good.replace(/.{8}$/, 'AAAAAAAA');
    case 'twice':
      return `${good}; ${good}; ${good.replace(/=.*/, '=x')}`;
    default:
      return cookie.text.replace(/[\r\n\0]/g, '');
  }
}

/** Returns the problems of a successful login: it was not begun, has another user, or returns to another site. */
function loginProblems(input: HostileRequest, { status, body }: RawAnswer, where: string): Problem[] {
  if (status >= 300 || !body.startsWith('{')) return [];
  const { signedIn, sub, returnTo } = JSON.parse(body) as { signedIn?: boolean; sub?: unknown; returnTo?: unknown };
  const problems: Problem[] = [];
  if (typeof returnTo === 'string' && !isOfThisSite(returnTo)) {
    problems.push({ key: `open redirect: ${where}`, detail: body });
  }
  if (signedIn !== true) return problems;
  const signer = input.jwt?.signer ?? 'provider';
  const carriesJwt = input.client === 'jarm' || input.client === 'hybrid';
  const isForged = !input.begun || input.cookie === 'none' || (carriesJwt && signer !== 'provider');
  if (isForged) problems.push({ key: `forged login: ${where}`, detail: body });
  if (sub !== undefined && sub !== USER) problems.push({ key: `another user: ${where}`, detail: body });
  return problems;
}

function isOfThisSite(returnTo: string): boolean {
  const here = 'https://here.example';
  return URL.canParse(returnTo, here) && new URL(returnTo, here).origin === here;
}
