/**
 * Runs the PostgreSQL that tests share, in the directory given, and stops when no session has been there for a minute or
 * when it is told to (SIGTERM). So no test run leaves a server behind.
 */
import { rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { must } from '#lib/assert.ts';
import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { removeDataDirectory } from './data-directory.ts';

const IDLE_CHECKS = 12;
const CHECK_MS = 5000;

const directory = must(process.argv[2], 'usage: shared-server-keeper.ts <directory>');
const noteFile = join(directory, 'keeper.json');
// Of its own: the next keeper may begin while this one still stops.
const dataDir = join(directory, `data-${process.pid}`);

const stop = new AbortController();
process.on('SIGTERM', () => {
  stop.abort();
});
process.on('SIGINT', () => undefined);

const server = await startPostgres(dataDir, { durable: false });
const client = new Client({ connectionString: server.url });
client.on('error', () => {
  stop.abort();
});
await client.connect();
await writeFile(`${noteFile}.new`, JSON.stringify({ url: server.url, pid: process.pid }), { mode: 0o600 });
await rename(`${noteFile}.new`, noteFile);
await rm(join(directory, 'starting'), { force: true });

let idleChecks = 0;
let nextCheck = Date.now() + CHECK_MS;
while (!stop.signal.aborted && idleChecks < IDLE_CHECKS) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (Date.now() < nextCheck) continue;
  nextCheck = Date.now() + CHECK_MS;
  idleChecks = (await countOthers()) === 0 ? idleChecks + 1 : 0;
}
await rm(noteFile, { force: true });
await client.end().catch(() => undefined);
await server.stop();
await removeDataDirectory(dataDir);
await rm(join(directory, 'keeper.log'), { force: true });
await rmdir(directory).catch(() => undefined);

async function countOthers(): Promise<number> {
  const { rows } = await client
    .query<{ others: number }>(
      "select count(*)::int as others from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    .catch(() => ({ rows: [{ others: 0 }] }));
  return rows[0]?.others ?? 0;
}
