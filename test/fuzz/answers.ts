import fc from 'fast-check';
import { inspect } from 'node:util';
import { beginLogin, callbackRequest } from './browser-login.js';
import { answerProblems, errorProblems } from './checks.js';
import { clientOf, type ClientKind } from './clients.js';
import type { FuzzContext } from './context.js';
import { ENDPOINTS, USER, type EndpointName, type EndpointScript } from './endpoints.js';
import { hostileAnswer, type HostileAnswer } from './hostile-answer.js';
import type { Attack } from './hostile-provider.js';
import type { Problem } from './problem.js';
import { sendRaw, type RawAnswer } from './raw-request.js';
import { scenarioContext, SCENARIOS } from './scenarios.js';
import { secretIn } from './secrets.js';

/** A provider that is hostile at one endpoint, and a scenario of the application. */
export interface HostileProviderCase {
  site: number;
  scenario: string;
  kind: ClientKind;
  endpoint: EndpointName;
  answer: HostileAnswer;
}

/** The maximum milliseconds of a call: several requests, each with the client's timeout. */
const LONGEST_CALL = 3000;

export const hostileProviderCase: fc.Arbitrary<HostileProviderCase> = fc
  .constantFrom(
    ...Object.entries(SCENARIOS).flatMap(([scenario, { kinds, endpoints, call }]) =>
      kinds.flatMap((kind) =>
        endpoints.flatMap((endpoint) => {
          const choice = { scenario, kind, endpoint };
          return call ? [choice] : [choice, choice];
        }),
      ),
    ),
  )
  .chain((choice) => {
    const { fields, claims }: EndpointScript = ENDPOINTS[choice.endpoint];
    return fc
      .record({ site: fc.nat(5), answer: hostileAnswer(fields, claims) })
      .map((rest) => ({ ...choice, ...rest }));
  });

/** Runs a case with a new client, and returns the problems of the outcome. */
export async function runAnswer(input: HostileProviderCase, context: FuzzContext, slot: string): Promise<Problem[]> {
  const { provider, sites } = context;
  const { scenario, kind, endpoint, answer } = input;
  const place = kind === 'signed' ? `${slot}-signed` : slot; // this provider signs its responses
  const site = sites[input.site % sites.length]!;
  const issuer = provider.issuer(place);
  site.registry.register(place, clientOf(kind, issuer), { replace: true });
  provider.attack(place, { endpoint, answer });
  try {
    const { call } = SCENARIOS[scenario]!;
    if (!call) return await loginProblems(site.url, place, input, context);
    const given = scenarioContext(site, place, issuer);
    return await callProblems(() => call(given), input, provider.verifiers(place));
  } finally {
    provider.attack(place);
  }
}

async function callProblems(
  call: () => Promise<unknown>,
  { scenario, endpoint }: HostileProviderCase,
  verifiers: readonly string[],
): Promise<Problem[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, LONGEST_CALL, 'late')));
  try {
    const result = await Promise.race([Promise.resolve().then(call), late]);
    return result === 'late'
      ? [{ key: `hang: ${scenario}, hostile ${endpoint}`, detail: '' }]
      : resultProblems(result, scenario);
  } catch (error) {
    if ((error as Error | undefined)?.name === 'TimeoutError') return []; // the caller's signal
    return errorProblems(error, endpoint, verifiers);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the problems of a result: a health status with a secret, or userinfo of another user. */
function resultProblems(result: unknown, scenario: string): Problem[] {
  if (scenario === 'health') {
    const leaked = secretIn(inspect(result, { depth: 6 }));
    return leaked ? [{ key: `leak by health: ${leaked}`, detail: inspect(result) }] : [];
  }
  const { sub } = scenario === 'userinfo' ? (result as { sub?: unknown }) : { sub: USER };
  return sub === USER ? [] : [{ key: `another user: ${scenario}`, detail: inspect(result) }];
}

async function loginProblems(
  origin: string,
  client: string,
  input: HostileProviderCase,
  { provider, lastError }: FuzzContext,
): Promise<Problem[]> {
  const { scenario, kind, endpoint: hostile } = input;
  const verifiers = (): readonly string[] => provider.verifiers(client);
  const login = await beginLogin(origin, client, provider.issuer(client));
  const problems = answerProblems(login.answer, {
    route: `login route, ${scenario} (${kind})`,
    hostile,
    lastError,
    verifiers: verifiers(),
  });
  if (login.answer?.status !== 302) return problems;
  const answer = await sendRaw(origin, callbackRequest(client, login));
  problems.push(
    ...answerProblems(answer, {
      route: `callback route, ${scenario} (${kind})`,
      hostile,
      lastError,
      verifiers: verifiers(),
    }),
  );
  if (answer) problems.push(...signedInProblems(answer, input));
  return problems;
}

function signedInProblems({ status, body }: RawAnswer, { kind, ...attack }: HostileProviderCase): Problem[] {
  if (status >= 300 || !body.startsWith('{')) return [];
  const { sub } = JSON.parse(body) as { sub?: unknown };
  const where = `${kind}, hostile ${attack.endpoint}`;
  const problems: Problem[] = [];
  const knowsUser = kind !== 'plain' && kind !== 'oauth1';
  if (knowsUser && isForged(attack)) problems.push({ key: `forged login: ${where}`, detail: body });
  const isOther = sub !== USER && (knowsUser || sub !== undefined);
  if (isOther && !mayNameUser(kind, attack)) problems.push({ key: `another user: ${where}`, detail: body });
  return problems;
}

/** Whether the id_token must be refused. */
function isForged({ endpoint, answer }: Attack): boolean {
  const { jwt, body, edits } = answer;
  if (endpoint !== 'token' || !jwt || body !== undefined) return false;
  if (edits?.some((edit) => edit.op !== 'extra' && edit.field === 'id_token')) return false; // there is no JWT
  const changesIssuer = jwt.claims?.some((edit) => edit.op === 'set' && ['iss', 'nonce'].includes(edit.field));
  return (jwt.signer ?? 'provider') !== 'provider' || changesIssuer === true;
}

/** Whether the id_token may name another user: it is signed by the provider, and no earlier response names the user. */
function mayNameUser(kind: ClientKind, { endpoint, answer }: Attack): boolean {
  const claims = answer.jwt?.claims ?? [];
  const namesUser = claims.some((edit) => edit.op !== 'extra' && edit.field === 'sub');
  return endpoint === 'token' && kind !== 'hybrid' && namesUser;
}
