import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, Context, Span as OtelSpan, SpanContext } from '@opentelemetry/api';
import { NO_TRACING, type Span, type SpanAttributes, type Tracing } from '#lib/tracing.ts';

import { samplerOf } from './trace-sampler.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Traces by OTLP over HTTP to where the standard variables say (OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, with
 * their headers, certificates and timeout). Without them nothing is loaded and nothing is measured.
 */
export async function openTracing(env: Env, version: string): Promise<Tracing> {
  const isAsked = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(
    (name) => (env[name] ?? '').trim() !== '',
  );
  if (!isAsked || env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return NO_TRACING;
  if (env['OTEL_TRACES_EXPORTER']?.toLowerCase() === 'none') return NO_TRACING;
  const [api, sdk, exporters, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes({ 'service.name': 'rollbook', 'service.version': version }))
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const sampler = samplerOf(env, sdk);
  const provider = new sdk.TracerProvider({
    resource,
    ...(sampler === undefined ? {} : { sampler }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new exporters.OTLPTraceExporter(),
        scheduledDelayMillis: Number(env['OTEL_BSP_SCHEDULE_DELAY'] ?? 5_000),
      }),
    ],
  });
  const tracer = provider.getTracer('rollbook', version);
  const around = new AsyncLocalStorage<OtelSpan>();
  const spans = new WeakMap<Span, OtelSpan>();

  const parentOf = (traceparent: string | undefined): Context => {
    const remote = readTraceparent(traceparent);
    if (remote !== undefined) return api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
    const parent = around.getStore();
    return parent === undefined ? api.ROOT_CONTEXT : api.trace.setSpan(api.ROOT_CONTEXT, parent);
  };

  return {
    begin(name, { kind, attributes = {}, traceparent, link } = {}) {
      const linked = readTraceparent(link);
      const otel = tracer.startSpan(
        name,
        {
          kind: kind === 'server' ? api.SpanKind.SERVER : api.SpanKind.INTERNAL,
          attributes: known(attributes),
          ...(linked === undefined ? {} : { links: [{ context: linked }] }),
        },
        parentOf(traceparent),
      );
      const span: Span = {
        traceparent: writeTraceparent(otel.spanContext()),
        set: (more) => void otel.setAttributes(known(more)),
        end(failure) {
          if (failure !== undefined) {
            otel.setAttribute('error.type', failure);
            otel.setStatus({ code: api.SpanStatusCode.ERROR, message: failure });
          }
          otel.end();
        },
      };
      spans.set(span, otel);
      return span;
    },
    within(span, work) {
      const otel = spans.get(span);
      return otel === undefined ? work() : around.run(otel, work);
    },
    current() {
      const context = around.getStore()?.spanContext();
      return context && { traceId: context.traceId, spanId: context.spanId };
    },
    // A collector that is gone must not keep a service from its end.
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function known(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

function writeTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** W3C Trace Context: of a later version the parts that this one has; what is not of the form is as if it was not there. */
export function readTraceparent(header: string | undefined): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
