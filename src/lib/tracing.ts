/** Traces, whoever collects them; without a collector nothing of this costs anything (docs/adr/0020). */

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanOptions {
  /** server: answers somebody else's request. */
  readonly kind?: 'server' | 'internal';
  /** Ids of ours, kinds, counts. Never a value of somebody's data, a path or a query of a URL. */
  readonly attributes?: SpanAttributes;
  /** The header of a request (W3C Trace Context): the span is a child of what it names. Else of the span around it. */
  readonly traceparent?: string | undefined;
  /** A span elsewhere that this one follows from without being a part of it; written like a traceparent. */
  readonly link?: string | undefined;
}

/** A step that began. */
export interface Span {
  /** What W3C Trace Context calls it, for others to link to; undefined: nobody collects it. */
  readonly traceparent?: string;
  set(this: void, attributes: SpanAttributes): void;
  /** `failure`: its code; what an error says may hold anything. */
  end(this: void, failure?: string): void;
}

export interface TraceIds {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
}

export interface Tracing {
  /** Begins a span; whoever began it ends it. */
  begin(this: void, name: string, options?: SpanOptions): Span;
  /** Runs `work` inside of the span: what begins in it is its child. */
  within<T>(this: void, span: Span, work: () => T): T;
  /** The span around the caller; undefined: none. For the log. */
  current(this: void): TraceIds | undefined;
  /** Sends what is left. */
  close(this: void): Promise<void>;
}

const NO_SPAN: Span = { set: () => undefined, end: () => undefined };

export const NO_TRACING: Tracing = {
  begin: () => NO_SPAN,
  within: (_span, work) => work(),
  current: () => undefined,
  close: () => Promise.resolve(),
};

/** A span around `work`; it ends with it. */
export async function inSpan<T>(
  tracing: Tracing,
  name: string,
  attributes: SpanAttributes,
  work: (span: Span) => Promise<T>,
  link?: string,
): Promise<T> {
  const span = tracing.begin(name, { attributes, link });
  try {
    const result = await tracing.within(span, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(codeOf(error));
    throw error;
  }
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}
