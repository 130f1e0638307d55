import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

import { call, type Api } from './http-client.ts';
import { measureLoad, type LoadMeasure } from './load.ts';

const BARE_ROUTE = fileURLToPath(new URL('bare-route.ts', import.meta.url));
export const CONNECTIONS = 8;
const SECONDS = 4;
const ROUNDS = 3;

export type RequestMeasures = Readonly<Record<string, LoadMeasure & { readonly ratioToBare: number }>>;

/**
 * Requests per second of what clients ask most, beside a bare Fastify route with one `select`, in turns so that all see the same
 * machine; the median of three rounds each. All profiles were synced; the first is the one whose users are read.
 */
export async function measureRequests(
  api: Api,
  profileIds: readonly string[],
  databaseUrl: string,
): Promise<RequestMeasures> {
  const port = await freePort();
  const bare = spawn(process.execPath, [BARE_ROUTE, databaseUrl, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(bare.stdout, 'data');
    const delta = await lastDeltaLink(api);
    const statuses = profileIds.map(
      (id) => `${api.baseUrl}/beta/education/synchronizationProfiles/${id}/profileStatus`,
    );
    const urls: Readonly<Record<string, readonly string[]>> = {
      'bare route': [`http://127.0.0.1:${port}/`],
      profileStatus: statuses.slice(0, 1),
      [`profileStatus of ${statuses.length}`]: statuses,
      '1,000 users': [`${api.baseUrl}/v1.0/education/users?$top=1000`],
      '1,000 users, ordered': [`${api.baseUrl}/v1.0/education/users?$top=1000&$orderby=displayName`],
      'delta, nothing new': [delta],
    };
    const measures = new Map<string, LoadMeasure[]>(Object.keys(urls).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, targets] of Object.entries(urls)) {
        const token = name === 'bare route' ? {} : { token: await api.token() };
        measures
          .get(name)
          ?.push(await measureLoad(targets, { ...token, connections: CONNECTIONS, seconds: SECONDS }));
      }
    }
    const bareRate = median(measures.get('bare route') ?? []).requestsPerSecond;
    return Object.fromEntries(
      [...measures].map(([name, rounds]) => {
        const middle = median(rounds);
        return [name, { ...middle, ratioToBare: middle.requestsPerSecond / bareRate }];
      }),
    );
  } finally {
    bare.kill('SIGTERM');
  }
}

async function lastDeltaLink(api: Api): Promise<string> {
  let link = '/v1.0/education/users/delta?$top=1000&$select=id';
  for (;;) {
    const page = await call<Record<string, string>>(api, 'GET', link);
    const { '@odata.nextLink': next, '@odata.deltaLink': last } = page;
    if (last !== undefined) return last;
    link = next ?? '';
  }
}

/** By requests per second. */
function median(rounds: readonly LoadMeasure[]): LoadMeasure {
  const sorted = rounds.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export function printRequests(measures: RequestMeasures): void {
  for (const [name, { requestsPerSecond, p50Ms, p99Ms, ratioToBare }] of Object.entries(measures))
    console.log(
      `${name.padEnd(22)} ${requestsPerSecond.toFixed(0).padStart(6)} requests/s  p50 ${p50Ms.toFixed(1).padStart(6)} ms  ` +
        `p99 ${p99Ms.toFixed(1).padStart(6)} ms  ${ratioToBare.toFixed(2)} x the bare route`,
    );
}
