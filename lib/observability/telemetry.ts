import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import { PENDING_CODES } from '../errors/error-codes.js';
import { OAuthError, ProviderError } from '../errors/oauth.errors.js';
import { errorType } from './error-type.js';

/** Under this name the application's OpenTelemetry knows the library. */
const SCOPE = 'nestjs-oauth-client';

/** Every span, and whether it is a request to the provider. */
const SPANS = {
  /** A login begins, or is completed, as `oauth.login.step` says. */
  'oauth.login': 'INTERNAL',
  /** A request to a token endpoint. */
  'oauth.token_request': 'CLIENT',
  /** A user's token is refreshed, from the lock to the saved token. */
  'oauth.refresh': 'INTERNAL',
  /** A call of the provider's API, with the refresh that it needed. */
  'oauth.api_call': 'CLIENT',
} as const;

/** Every counter; their attributes are those of the spans. */
const COUNTERS = {
  'oauth.client.refreshes': { unit: '{refresh}', description: 'Tokens that were refreshed' },
  'oauth.client.refresh.joins': { unit: '{call}', description: 'Calls that got a token which another call refreshed' },
  'oauth.client.failures': { unit: '{failure}', description: 'Spans that failed, by oauth.operation and error.type' },
};

type SpanName = keyof typeof SPANS;
type CounterName = keyof typeof COUNTERS;
/** Never a secret, a token, a code, a query, or a user's id. */
export type Attributes = Record<string, string | number | undefined>;

const api = optionalApi();
const tracer = api?.trace.getTracer(SCOPE);
let counters: { of: OpenTelemetry.MeterProvider; all: Record<CounterName, OpenTelemetry.Counter> } | undefined;

/**
 * Does something in a span, which is what spans begun meanwhile are children of. A failure gives the span its status and an
 * `error.type`, and is counted; its message is not told.
 * @param outcome further attributes, from what came of it
 */
export async function traced<T>(
  span: SpanName,
  attributes: Attributes,
  run: () => Promise<T>,
  outcome?: (result: T) => Attributes,
): Promise<T> {
  if (!api || !tracer) return run();
  return tracer.startActiveSpan(span, { kind: api.SpanKind[SPANS[span]], attributes }, async (active) => {
    try {
      const result = await run();
      if (outcome) active.setAttributes(outcome(result));
      return result;
    } catch (error) {
      const failure = failureAttributes(error);
      if (failure) {
        active.setStatus({ code: api.SpanStatusCode.ERROR }).setAttributes(failure);
        const type = failure['error.type'];
        count('oauth.client.failures', { ...client(attributes), 'oauth.operation': span, 'error.type': type });
      }
      throw error;
    } finally {
      active.end();
    }
  });
}

/** Counts one. */
export function count(counter: CounterName, attributes: Attributes): void {
  if (!api) return;
  // unlike a tracer, a meter that is got before the application has set its provider stays without one
  const provider = api.metrics.getMeterProvider();
  if (counters?.of !== provider) counters = { of: provider, all: countersOf(provider) };
  counters.all[counter].add(1, attributes);
}

/** Where a request goes, in OpenTelemetry's words. */
export function serverAttributes({ hostname, port, protocol }: URL): Attributes {
  return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
}

function countersOf(provider: OpenTelemetry.MeterProvider): Record<CounterName, OpenTelemetry.Counter> {
  const meter = provider.getMeter(SCOPE);
  const made = Object.entries(COUNTERS).map(([name, options]) => [name, meter.createCounter(name, options)]);
  return Object.fromEntries(made) as Record<CounterName, OpenTelemetry.Counter>;
}

function client(attributes: Attributes): Attributes {
  return { 'oauth.client.name': attributes['oauth.client.name'] };
}

function failureAttributes(error: unknown): Attributes | undefined {
  if (error instanceof OAuthError && PENDING_CODES.includes(error.error)) return undefined;
  const answer = error instanceof ProviderError ? error.answer : undefined;
  return { 'error.type': errorType(error), ...(answer && { 'http.response.status_code': answer.status }) };
}

/** An optional peer. By `require`, since an import that is awaited here would keep CommonJS from loading this package. */
function optionalApi(): typeof OpenTelemetry | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as typeof OpenTelemetry;
  } catch {
    return undefined;
  }
}
