import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { System } from '#lib/system.ts';
import { answerClientError } from './client-error.ts';
import type { CertificatePair } from './tls/self-signed-certificate.ts';

export interface ListenSettings {
  readonly host: string;
  readonly port: number | 'off';
  readonly httpsPort: number | 'off';
  /** Asked at the start and every hour, so that a renewed certificate is served without a restart. */
  readonly certificate: (this: void) => Promise<CertificatePair>;
  readonly onCertificateFailure: (this: void, error: unknown) => void;
}

export interface Listening {
  /** HTTP before HTTPS, without a slash at the end. */
  readonly addresses: readonly string[];
  /** Takes no more requests, lets those under way end, and cuts them off after the grace time. */
  close(graceMs: number): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Opens both ports on the same routes. Errors: those of the system (EADDRINUSE, EACCES); nothing is open then. */
export async function listen(
  server: FastifyInstance,
  settings: ListenSettings,
  system: System,
): Promise<Listening> {
  const { host, port, httpsPort } = settings;
  await server.ready();
  const https = httpsPort === 'off' ? undefined : await secureServer(server, settings, system);
  const closing = new AbortController();
  const closed = new Set<Promise<void>>();
  const cutOff = (): void => {
    server.server.closeAllConnections();
    https?.closeAllConnections();
  };
  const close = async (graceMs: number): Promise<void> => {
    closing.abort();
    if (https?.listening) closed.add(closeServer(https));
    const timer = setTimeout(cutOff, graceMs);
    // A connection whose last answer is out while the stop is under way would stay open for a next request that never comes.
    const idling = setInterval(() => {
      server.server.closeIdleConnections();
      https?.closeIdleConnections();
    }, 50);
    await Promise.all([server.close(), ...closed]);
    clearTimeout(timer);
    clearInterval(idling);
  };
  try {
    const addresses: string[] = [];
    if (port !== 'off') {
      await server.listen({ host, port });
      addresses.push(addressOf('http', host, server.server));
    }
    if (https !== undefined && httpsPort !== 'off') {
      await listenAt(https, host, httpsPort);
      addresses.push(addressOf('https', host, https));
      void renewCertificate(https, settings, system, closing.signal);
    }
    return { addresses, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

async function secureServer(
  server: FastifyInstance,
  settings: ListenSettings,
  system: System,
): Promise<HttpsServer> {
  const pair = await settings.certificate();
  const https = createHttpsServer(
    { ...pair, minVersion: 'TLSv1.2', requestTimeout: 0, keepAliveTimeout: server.server.keepAliveTimeout },
    (request, response) => {
      server.routing(request, response);
    },
  );
  https.setTimeout(server.server.timeout);
  https.on('clientError', (error, socket) => {
    answerClientError(error, socket, system);
  });
  return https;
}

async function renewCertificate(
  https: HttpsServer,
  settings: ListenSettings,
  system: System,
  closing: AbortSignal,
): Promise<void> {
  while (!closing.aborted) {
    await system.sleep(HOUR_MS, closing);
    if (closing.aborted) return;
    try {
      https.setSecureContext({ ...(await settings.certificate()), minVersion: 'TLSv1.2' });
    } catch (error) {
      settings.onCertificateFailure(error);
    }
  }
}

function listenAt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closeServer(server: HttpsServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
}

function addressOf(scheme: string, host: string, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
