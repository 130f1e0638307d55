import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RollbookMetrics } from '#core/telemetry/metric-table.ts';
import { METRICS_TYPE, refuseReader } from '#http/monitor/metrics-reader.ts';

export interface MetricsServer {
  /** `http://127.0.0.1:9464`. */
  readonly address: string;
  close(): Promise<void>;
}

/** The numbers on a port of their own: for workers, which have no other, and for networks that keep the two apart. */
export async function serveMetrics(
  metrics: RollbookMetrics,
  { host, port, token }: { readonly host: string; readonly port: number; readonly token: string | undefined },
): Promise<MetricsServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const say = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-store',
        ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    request.resume();
    const path = (request.url ?? '/').replace(/[?#].*$/, '');
    if (path !== '/metrics') return say(404, 'There is nothing here but /metrics.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'Use GET.\n');
    const refusal = refuseReader(request, token);
    if (refusal !== null) return say(refusal.status, `${refusal.message}\n`);
    say(200, await metrics.read(), METRICS_TYPE);
  };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
