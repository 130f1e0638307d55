import type { FastifyInstance } from 'fastify';

/** Knows which methods each registered path has: for 405 and its Allow header, and for the spelling of segments. */
export interface RouteTable {
  /** Methods of the routes that the path fits, sorted; empty when there is none. */
  methodsOf(path: string): readonly string[];
  /** The fixed segments of the /v1.0 and /beta routes by their lower-case form. */
  readonly graphSegments: ReadonlyMap<string, string>;
  /** What is served under /v1.0 and /beta, in the order of registration. */
  readonly graphOperations: readonly GraphOperation[];
}

export interface GraphOperation {
  readonly method: string;
  readonly version: string;
  /** Behind the version: `/education/schools/:id`. */
  readonly path: string;
  readonly queryOptions: readonly string[];
}

/** Collects routes as they are registered. Paths with patterns (uploads) have a 405 of their own and are left out. */
export function collectRoutes(server: FastifyInstance): RouteTable {
  const methodsByPattern = new Map<string, { segments: string[]; methods: Set<string> }>();
  const graphSegments = new Map<string, string>();
  const graphOperations: GraphOperation[] = [];
  server.addHook('onRoute', (route) => {
    if (route.url.includes('(') || route.url.includes('*')) return;
    const segments = route.url.split('/').filter((segment) => segment !== '');
    const entry = methodsByPattern.get(route.url) ?? { segments, methods: new Set() };
    for (const method of [route.method].flat()) entry.methods.add(method);
    methodsByPattern.set(route.url, entry);
    const [version] = segments;
    if (version !== 'v1.0' && version !== 'beta') return;
    const path = route.url.slice(version.length + 1);
    const queryOptions = route.config?.queryOptions ?? [];
    for (const method of [route.method].flat())
      if (method !== 'HEAD') graphOperations.push({ method, version, path, queryOptions });
    for (const segment of segments) {
      if (!segment.startsWith(':')) graphSegments.set(segment.toLowerCase(), segment);
    }
  });
  return {
    graphSegments,
    graphOperations,
    methodsOf(path) {
      const parts = path.split('/').filter((part) => part !== '');
      const methods = new Set<string>();
      for (const { segments, methods: known } of methodsByPattern.values()) {
        if (segments.length !== parts.length) continue;
        if (segments.every((segment, index) => segment.startsWith(':') || segment === parts[index])) {
          for (const method of known) methods.add(method);
        }
      }
      return [...methods].sort();
    },
  };
}
