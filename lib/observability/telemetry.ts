import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import { PENDING_CODES } from '../errors/error-codes.js';
import { OAuthError, ProviderError } from '../errors/oauth.errors.js';
import { errorType } from './error-type.js';

/** Instrumentation scope: the name of this library in OpenTelemetry. */
const SCOPE = 'nestjs-oauth-client';

/** Span kinds by span name. `CLIENT` is a request to the provider. */
const SPANS = {
  /** A login begins or is completed; the attribute `oauth.login.step` says which. */
  'oauth.login': 'INTERNAL',
  /** A request to a token endpoint. */
  'oauth.token_request': 'CLIENT',
  /** The refresh of a user's token, from taking the lock to saving the token. */
  'oauth.refresh': 'INTERNAL',
  /** A call of the provider's API, including a refresh of the token. */
  'oauth.api_call': 'CLIENT',
} as const;

/** Counters by name. Their attributes are those of the spans. */
const COUNTERS = {
  'oauth.client.refreshes': { unit: '{refresh}', description: 'Tokens that were refreshed' },
  'oauth.client.refresh.joins': { unit: '{call}', description: 'Calls that got a token which another call refreshed' },
  'oauth.client.failures': { unit: '{failure}', description: 'Spans that failed, by oauth.operation and error.type' },
};

type SpanName = keyof typeof SPANS;
type CounterName = keyof typeof COUNTERS;
/** Attributes of spans and counters. They never contain a secret, a token, a code, a query, or a user's id. */
export type Attributes = Record<string, string | number | undefined>;

interface Telemetry {
  api: typeof OpenTelemetry;
  tracer: OpenTelemetry.Tracer;
}

/** Undefined before the first span, and false if the optional peer is not installed. */
let loaded: Telemetry | false | undefined;
let counters: { of: OpenTelemetry.MeterProvider; all: Record<CounterName, OpenTelemetry.Counter> } | undefined;

/**
 * Runs a function in a new active span. Returns its result. When the function throws, sets the status and the `error.type`
 * of the span, and counts the failure. The error message is not recorded.
 * @param attributes are not created if the application has no tracer provider
 * @param outcome returns additional attributes for a result
 */
export function traced<T>(
  span: SpanName,
  attributes: () => Attributes,
  run: () => Promise<T>,
  outcome?: (result: T) => Attributes,
): Promise<T> {
  const telemetry = (loaded ??= optionalTelemetry());
  if (!telemetry) return run();
  const { api, tracer } = telemetry;
  if (!isListening(api)) return counted(span, attributes, run);
  const given = attributes();
  return tracer.startActiveSpan(span, { kind: api.SpanKind[SPANS[span]], attributes: given }, async (active) => {
    try {
      const result = await run();
      if (outcome) active.setAttributes(outcome(result));
      return result;
    } catch (error) {
      const failure = countFailure(span, given, error);
      if (failure) active.setStatus({ code: api.SpanStatusCode.ERROR }).setAttributes(failure);
      throw error;
    } finally {
      active.end();
    }
  });
}

/** Runs a function without a span. */
async function counted<T>(span: SpanName, attributes: () => Attributes, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    countFailure(span, attributes(), error);
    throw error;
  }
}

/** Counts the failure of a span. Returns its attributes, or undefined if the error is not a failure. */
function countFailure(span: SpanName, attributes: Attributes, error: unknown): Attributes | undefined {
  const failure = failureAttributes(error);
  if (failure) {
    const type = failure['error.type'];
    count('oauth.client.failures', { ...client(attributes), 'oauth.operation': span, 'error.type': type });
  }
  return failure;
}

/** Returns whether the application has set a tracer provider. Without one, a span has no effect, but takes time. */
function isListening({ trace, ProxyTracerProvider }: typeof OpenTelemetry): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}

/** Adds 1 to a counter. */
export function count(counter: CounterName, attributes: Attributes): void {
  const telemetry = (loaded ??= optionalTelemetry());
  if (!telemetry) return;
  // A tracer follows a provider that the application sets later; a meter does not.
  const provider = telemetry.api.metrics.getMeterProvider();
  if (counters?.of !== provider) counters = { of: provider, all: countersOf(provider) };
  counters.all[counter].add(1, attributes);
}

/** Returns the OpenTelemetry attributes for the server of a request. */
export function serverAttributes({ hostname, port, protocol }: URL): Attributes {
  return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
}

function countersOf(provider: OpenTelemetry.MeterProvider): Record<CounterName, OpenTelemetry.Counter> {
  const meter = provider.getMeter(SCOPE);
  const entries = Object.entries(COUNTERS).map(([name, options]) => [name, meter.createCounter(name, options)]);
  return Object.fromEntries(entries) as Record<CounterName, OpenTelemetry.Counter>;
}

function client(attributes: Attributes): Attributes {
  return { 'oauth.client.name': attributes['oauth.client.name'] };
}

function failureAttributes(error: unknown): Attributes | undefined {
  if (error instanceof OAuthError && PENDING_CODES.includes(error.error)) return undefined;
  const answer = error instanceof ProviderError ? error.answer : undefined;
  return { 'error.type': errorType(error), ...(answer && { 'http.response.status_code': answer.status }) };
}

/** Loads the optional peer with `require`, because a count cannot wait for an `import()`. */
function optionalTelemetry(): Telemetry | false {
  try {
    const api = createRequire(import.meta.url)('@opentelemetry/api') as typeof OpenTelemetry;
    return { api, tracer: api.trace.getTracer(SCOPE) };
  } catch {
    return false;
  }
}
