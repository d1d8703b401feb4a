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

/** OpenTelemetry's own SDK, as an application sets it up, with all that it was told in memory. */
export interface Telemetry {
  /** In the order in which they ended. */
  spans(): ReadableSpan[];
  /** Sums of one counter, by their attributes. */
  counted(counter: string): Promise<{ attributes: Attributes; value: number }[]>;
  /** All that an exporter would send away, as text. */
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
      const told = spans.getFinishedSpans().map(({ name, attributes, status, events, links }) => {
        return { name, attributes, status, events, links };
      });
      return JSON.stringify([told, await points()]);
    },
    async reset() {
      await reader.forceFlush(); // what was counted up to now
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

/** What `@opentelemetry/context-async-hooks` does. */
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
