import { AsyncLocalStorage } from 'node:async_hooks';
import { context, metrics, ROOT_CONTEXT, trace, type Attributes, type Context } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** OpenTelemetry's SDK, set up as in an application, with in-memory exporters. */
export interface Telemetry {
  /** The finished spans, in the order in which they ended. */
  spans(): ReadableSpan[];
  /** The sums of one counter, by attributes. */
  counted(counter: string): Promise<{ attributes: Attributes; value: number }[]>;
  /** Everything that an exporter would send, as JSON. */
  exported(): Promise<string>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export function startTelemetry(): Telemetry {
  const spans = new InMemorySpanExporter();
  const sums = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter: sums, exportIntervalMillis: 3_600_000 });
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const meters = new MeterProvider({ readers: [reader] });
  context.setGlobalContextManager(asyncContexts());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  const points = async () => {
    await reader.forceFlush();
    return sums.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  };
  return {
    spans: () => spans.getFinishedSpans(),
    async counted(counter) {
      const found = (await points()).filter(({ descriptor }) => descriptor.name === counter);
      return found.flatMap(({ dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({ attributes, value: Number(value) })),
      );
    },
    async exported() {
      const finished = spans.getFinishedSpans().map(({ name, attributes, status, events, links }) => {
        return { name, attributes, status, events, links };
      });
      return JSON.stringify([finished, await points()]);
    },
    async reset() {
      await reader.forceFlush(); // exports the pending measurements
      spans.reset();
      sums.reset();
    },
    async close() {
      trace.disable();
      metrics.disable();
      context.disable();
      await tracers.shutdown();
      await meters.shutdown();
    },
  };
}

/** Returns a context manager like the one in `@opentelemetry/context-async-hooks`. */
function asyncContexts(): Parameters<typeof context.setGlobalContextManager>[0] {
  const storage = new AsyncLocalStorage<Context>();
  return {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (active, target) =>
      typeof target === 'function' ? storage.run(active, () => AsyncLocalStorage.bind(target as never)) : target,
    enable() {
      return this;
    },
    disable() {
      storage.disable();
      return this;
    },
  };
}
