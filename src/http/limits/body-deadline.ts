import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is no whole that is waited for: it is taken as it comes, with a limit of its own. */
    readonly streamsBody?: true;
  }
}

/** However slow a line is, a body comes at this rate, beside some seconds for the way. */
const LEAST_BYTES_PER_SECOND = 16 * 1024;
const GRACE_SECONDS = 30;

/** Seconds that a body of at most so many bytes may take. */
function secondsForBody(limitBytes: number): number {
  return GRACE_SECONDS + limitBytes / LEAST_BYTES_PER_SECOND;
}

/**
 * Cuts off who sends a body a byte at a time: the limit for connections on which nothing moves never ends that, and the token endpoint takes
 * bodies of everybody. To be called before routes are registered.
 */
export function limitBodyTime(server: FastifyInstance, secondsFor = secondsForBody): void {
  server.addHook('preParsing', (request, _reply, payload, done) => {
    if (waitsForBody(request)) {
      const seconds = secondsFor(request.routeOptions.bodyLimit);
      const timer = setTimeout(() => request.raw.destroy(), seconds * 1_000);
      for (const event of ['end', 'close']) request.raw.once(event, () => clearTimeout(timer));
    }
    done(null, payload);
  });
}

function waitsForBody({ method, headers, routeOptions }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || routeOptions.config.streamsBody === true) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
