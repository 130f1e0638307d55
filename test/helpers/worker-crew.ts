import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';

import { emptyTestDatabase } from './database.ts';
import { dumpDirectoryAt } from './directory-dump.ts';
import { TEST_SECRET_KEY } from './rollbook.ts';
import {
  type RollbookProcess,
  startRollbookProcess,
  startWorkerProcess,
  type WorkerProcess,
} from './rollbook-process.ts';
import { type SyncClient, syncClient } from './sync-client.ts';

/** One database, an api process and any number of workers, each a process of its own. */
export interface WorkerCrew {
  readonly client: SyncClient;
  readonly api: RollbookProcess;
  readonly workers: readonly WorkerProcess[];
  readonly databaseUrl: string;
  startWorker(env?: Readonly<Record<string, string>>, main?: string): WorkerProcess;
  startApi(env?: Readonly<Record<string, string>>, main?: string): Promise<RollbookProcess>;
  /** Kills a worker and starts another in its place. */
  replaceWorker(index: number): Promise<void>;
  /** Rows as superuser. */
  rows<Row = Record<string, unknown>>(sql: string): Promise<Row[]>;
  dump(): Promise<string[]>;
  close(): Promise<void>;
}

const SHIFT_CLOCK = fileURLToPath(new URL('./shift-clock.ts', import.meta.url));

/** What a process needs to have a clock that is wrong by so much. */
export function wrongClock(seconds: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=${SHIFT_CLOCK}`, ROLLBOOK_TEST_CLOCK_SECONDS: String(seconds) };
}

export async function startCrew(options: {
  readonly workers: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly apiEnv?: Readonly<Record<string, string>>;
}): Promise<WorkerCrew> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-crew-'));
  const database = await emptyTestDatabase();
  const env = { LEASE_SECONDS: '1', RETRY_SECONDS: '1', SECRET_KEY: TEST_SECRET_KEY, ...options.env };
  const place = { dataDir, databaseUrl: database.url };
  const all: WorkerProcess[] = [];
  const workers: WorkerProcess[] = [];
  const watch = new Client({ connectionString: database.url, options: '-c search_path=rollbook' });
  watch.on('error', () => undefined);
  const start = (more: Readonly<Record<string, string>> = {}, main?: string): WorkerProcess => {
    const worker = startWorkerProcess({
      ...place,
      env: { ...env, ...more },
      ...(main === undefined ? {} : { main }),
    });
    all.push(worker);
    return worker;
  };
  const startApi = (more: Readonly<Record<string, string>> = {}, main?: string): Promise<RollbookProcess> =>
    startRollbookProcess({
      ...place,
      env: { ...env, ...more, MODE: 'api' },
      ...(main === undefined ? {} : { main }),
    });
  const api = await startApi(options.apiEnv);
  await watch.connect();
  for (let index = 0; index < options.workers; index++) workers.push(start());
  // A token is good for an hour; asking for one per call would be most of the work.
  let token: Promise<string> | undefined;
  return {
    client: syncClient({ baseUrl: api.baseUrl, token: () => (token ??= api.token()) }),
    api,
    workers,
    databaseUrl: database.url,
    startWorker(more, main) {
      const worker = start(more, main);
      workers.push(worker);
      return worker;
    },
    startApi,
    async replaceWorker(index) {
      await workers[index]?.kill();
      workers[index] = start();
    },
    async rows<Row>(sql: string) {
      return (await watch.query(sql)).rows as Row[];
    },
    dump: () => dumpDirectoryAt(database.url),
    async close() {
      for (const worker of all) await worker.kill();
      await api.stop();
      await watch.end();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
