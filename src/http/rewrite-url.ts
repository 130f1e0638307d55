/**
 * Makes Graph's many spellings of one address the one spelling that routes are registered with:
 * segments in any case, `microsoft.graph.fn`, `fn()`, `users('id')`, doubled and closing slashes, `%24`. Addresses outside /v1.0 and
 * /beta, ids and query stay as they are.
 *
 * `segments`: the fixed segments of the registered routes by their lower-case form.
 */
export function rewriteUrl(url: string, segments: ReadonlyMap<string, string>): string {
  const relative = url.replace(/^https?:\/\/[^/?]*/i, '');
  const end = relative.search(/[?#]/);
  const path = end === -1 ? relative : relative.slice(0, end);
  const rest = end === -1 ? '' : relative.slice(end);
  const parts = path.split('/').filter((part) => part !== '');
  const version = parts[0]?.toLowerCase();
  if (version !== 'v1.0' && version !== 'beta') return relative === '' ? '/' : relative;
  const rewritten = parts.slice(1).flatMap((part) => rewriteSegment(part, segments));
  return `/${[version, ...rewritten].join('/')}${rest}`;
}

function rewriteSegment(segment: string, segments: ReadonlyMap<string, string>): string[] {
  const text = segment.replace(/%24/g, '$').replace(/%28/g, '(').replace(/%29/g, ')').replace(/%27/g, "'");
  // users('id'): a quote inside the id is doubled.
  const keyed = /^([^()]+)\('(.*)'\)$/.exec(text);
  if (keyed?.[1] !== undefined && keyed[2] !== undefined) {
    const collection = knownSegment(keyed[1], segments);
    return collection === undefined ? [segment] : [collection, keyed[2].replaceAll("''", "'")];
  }
  const called = text.endsWith('()') ? text.slice(0, -2) : text;
  const known = knownSegment(called, segments);
  return [known ?? segment];
}

function knownSegment(text: string, segments: ReadonlyMap<string, string>): string | undefined {
  const lower = text.toLowerCase();
  const name = lower.startsWith('microsoft.graph.') ? lower.slice('microsoft.graph.'.length) : lower;
  return segments.get(name);
}
