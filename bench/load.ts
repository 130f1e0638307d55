import { Agent, request } from 'node:http';

import { quantile } from './quantile.ts';

export interface LoadMeasure {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends the same request over and over on `connections` kept-alive connections, one at a time on each; of several URLs the connections
 * take one each, in turn. Throws when an answer is not 200.
 */
export async function measureLoad(
  urls: readonly string[],
  options: { readonly token?: string; readonly connections: number; readonly seconds: number },
): Promise<LoadMeasure> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const send = (url: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { agent, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${url}: ${answer.statusCode}`));
        });
      });
      sent.once('error', reject);
      sent.end();
    });
  const waits: number[] = [];
  const started = performance.now();
  const until = started + options.seconds * 1_000;
  await Promise.all(
    Array.from({ length: options.connections }, async (_, connection) => {
      const url = urls[connection % urls.length] ?? '';
      for (let now = performance.now(); now < until;) {
        await send(url);
        const done = performance.now();
        waits.push(done - now);
        now = done;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  agent.destroy();
  return {
    requestsPerSecond: waits.length / seconds,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
  };
}
