/**
 * node bench/unit-costs.ts [--size village|school|district] [--json]
 *
 * The unit costs that docs/scale.md multiplies: one api process, one worker and one PostgreSQL sync a roster first, again without a change, and with
 * 0.5 % of the rows changed. For each: CPU of the worker and of PostgreSQL, WAL and seconds, by row and by item (of changes: what they cost beyond the sync without
 * any), and the CPU of VACUUM after it. Then bytes of every table by row, of uploads and of the snapshot, and connections and memory of each process. CPU, bytes and connections are good on a busy machine, too;
 * seconds are not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Client } from 'pg';

import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { startRollbookProcess, startWorkerProcess } from '#test/helpers/rollbook-process.ts';

import { createDatabase, settle } from './bare-copy.ts';
import { peakMemoryOf } from './process-measure.ts';
import { keepToken } from './http-client.ts';
import { generateRoster, type RosterSize, ROSTER_SIZES } from './roster-generator.ts';
import { createProfile, syncFolder } from './sync-folder.ts';

interface SyncCost {
  readonly name: string;
  readonly rows: number;
  readonly items: number;
  readonly seconds: number;
  readonly workerCpuSeconds: number;
  readonly postgresCpuSeconds: number;
  readonly walBytes: number;
  /** Of PostgreSQL, for cleaning up after the sync. */
  readonly vacuumCpuSeconds: number;
}

interface TableCost {
  readonly table: string;
  readonly rows: number;
  /** With indexes and TOAST. */
  readonly bytes: number;
  readonly indexBytes: number;
}

interface UnitCosts {
  readonly size: string;
  readonly rows: number;
  readonly syncs: readonly SyncCost[];
  readonly tables: readonly TableCost[];
  readonly uploadBytes: number;
  readonly snapshotBytes: number;
  /** By process, at most, as they were looked at four times a second. */
  readonly connections: Readonly<Record<string, number>>;
  readonly memoryMiB: { readonly api: number; readonly worker: number };
}

const { values } = parseArgs({
  options: { size: { type: 'string', default: 'school' }, json: { type: 'boolean', default: false } },
});
const size = values.size as RosterSize;
if (!Object.hasOwn(ROSTER_SIZES, size)) {
  console.error(`--size is one of ${Object.keys(ROSTER_SIZES).join(', ')}`);
  process.exit(2);
}
const work = await mkdtemp(join(tmpdir(), 'rollbook-units-'));
await chmod(work, 0o755);
try {
  const costs = await measure();
  if (values.json) console.log(JSON.stringify(costs, null, 2));
  else print(costs);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function measure(): Promise<UnitCosts> {
  const folders = { first: join(work, 'roster'), changed: join(work, 'changed') };
  const rows = await generateRoster(folders.first, { size, seed: 1 });
  await generateRoster(folders.changed, { size, seed: 1, change: 0.005 });
  const server = await startPostgres(join(work, 'postgres'));
  try {
    const databaseUrl = await createDatabase(server.url, 'units');
    const dataDir = join(work, 'data');
    const env = { SECRET_KEY: TEST_SECRET_KEY };
    const api = await startRollbookProcess({ dataDir, databaseUrl, env: { ...env, MODE: 'api' } });
    const worker = startWorkerProcess({ dataDir, databaseUrl, env });
    const client = new Client({ connectionString: databaseUrl, application_name: 'bench' });
    await client.connect();
    const watch = await watchConnections(databaseUrl);
    try {
      const access = { baseUrl: api.baseUrl, token: keepToken(() => api.token()) };
      const profile = await createProfile(access, 'Units');
      const syncs: SyncCost[] = [];
      let uploadBytes = 0;
      for (const [name, folder] of [
        ['first', folders.first],
        ['no change', folders.first],
        ['0.5 % changed', folders.changed],
      ] as const) {
        console.error(`sync: ${name} ...`);
        await settle(databaseUrl);
        const before = await readMeters(client, worker.pid, server.pid);
        const { seconds, items } = await syncFolder(access, profile, folder);
        const after = await readMeters(client, worker.pid, server.pid);
        await client.query('vacuum');
        const cleaned = await readMeters(client, worker.pid, server.pid);
        if (name === 'first') uploadBytes = await bytesBelow(join(dataDir, 'uploads'));
        syncs.push({
          name,
          rows,
          items,
          seconds,
          workerCpuSeconds: after.worker - before.worker,
          postgresCpuSeconds: after.postgres - before.postgres,
          walBytes: after.wal - before.wal,
          vacuumCpuSeconds: cleaned.postgres - after.postgres,
        });
      }
      return {
        size,
        rows,
        syncs,
        tables: await readTables(client),
        uploadBytes,
        snapshotBytes: await bytesBelow(join(dataDir, 'snapshots')),
        connections: await watch.stop(),
        memoryMiB: { api: peakMemoryOf(api.pid), worker: peakMemoryOf(worker.pid) },
      };
    } finally {
      await watch.stop();
      await client.end();
      await worker.stop();
      await api.stop();
    }
  } finally {
    await server.stop();
  }
}

interface Meters {
  readonly worker: number;
  readonly postgres: number;
  readonly wal: number;
}

async function readMeters(client: Client, worker: number, postmaster: number): Promise<Meters> {
  const { rows } = await client.query<{ wal: string }>(`select pg_current_wal_lsn() - '0/0' as wal`);
  return { worker: cpuOf(worker).own, postgres: cpuOfServer(postmaster), wal: Number(rows[0]?.wal) };
}

interface Cpu {
  readonly own: number;
  /** Of children that have ended. */
  readonly ended: number;
  readonly parent: number;
}

function cpuOf(pid: number | string): Cpu {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const seconds = (first: number): number => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) / 100;
  return { own: seconds(11), ended: seconds(13), parent: fields[1] ?? 0 };
}

/** The postmaster, its processes, and those that have ended. */
function cpuOfServer(postmaster: number): number {
  const { own, ended } = cpuOf(postmaster);
  let sum = own + ended;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const cpu = cpuOf(name);
      if (cpu.parent === postmaster) sum += cpu.own;
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

/** Rows are counted, not estimated; a partitioned table is the sum of its parts. */
async function readTables(client: Client): Promise<TableCost[]> {
  await client.query('vacuum analyze');
  const { rows } = await client.query<{ name: string; bytes: string; indexes: string }>(
    `select format('%I.%I', n.nspname, r.relname) as name, sum(pg_total_relation_size(coalesce(part.relid, r.oid))) as bytes,
            sum(pg_indexes_size(coalesce(part.relid, r.oid))) as indexes
       from pg_class r join pg_namespace n on n.oid = r.relnamespace
            left join lateral pg_partition_tree(r.oid) part on part.isleaf
      where n.nspname in ('rollbook', 'bulk') and r.relkind in ('r', 'p') and not r.relispartition
      group by 1 order by 2 desc`,
  );
  const tables: TableCost[] = [];
  for (const { name, bytes, indexes } of rows) {
    const counted = await client.query<{ count: string }>(`select count(*) from ${name}`);
    const count = Number(counted.rows[0]?.count);
    if (count > 0)
      tables.push({ table: name, rows: count, bytes: Number(bytes), indexBytes: Number(indexes) });
  }
  return tables;
}

/** The most of each process, by the name that it gives its connections. */
async function watchConnections(databaseUrl: string): Promise<{ stop(): Promise<Record<string, number>> }> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  const most: Record<string, number> = {};
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const { rows } = await client.query<{ name: string; count: number }>(
        `select regexp_replace(application_name, ' [0-9a-f-]{36}$', '') as name, count(*)::int from pg_stat_activity where datname = current_database() group by 1`,
      );
      for (const { name, count } of rows)
        if (name !== 'bench' && name !== '') most[name] = Math.max(most[name] ?? 0, count);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      await client.end().catch(() => undefined);
      return most;
    },
  };
}

async function bytesBelow(directory: string): Promise<number> {
  let sum = 0;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries)
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  return sum;
}

function print(costs: UnitCosts): void {
  const { syncs, tables, rows, uploadBytes, snapshotBytes, connections, memoryMiB } = costs;
  console.log(`${costs.size}: ${rows} rows`);
  const records = syncs[0]?.items ?? 0;
  const [, unchanged, changed] = syncs;
  for (const sync of syncs) {
    const units = sync === unchanged ? sync.rows : sync.items;
    const base = sync === changed ? unchanged : undefined;
    const each = (cost: (of: SyncCost) => number): string =>
      ((cost(sync) - (base === undefined ? 0 : cost(base))) / units).toFixed(1);
    console.log(
      `${sync.name.padEnd(14)} ${sync.seconds.toFixed(1).padStart(6)} s, ${sync.items} items; by ${sync === unchanged ? 'row' : 'item'}${base === undefined ? '' : ', beyond no change'}: ` +
        `worker ${each((of) => of.workerCpuSeconds * 1e6)} µs, PostgreSQL ${each((of) => of.postgresCpuSeconds * 1e6)} µs, ` +
        `VACUUM ${each((of) => of.vacuumCpuSeconds * 1e6)} µs, WAL ${each((of) => of.walBytes)} bytes`,
    );
  }
  console.log(
    `upload: ${(uploadBytes / rows).toFixed(0)} bytes a row; snapshot: ${(snapshotBytes / records).toFixed(0)} bytes a record`,
  );
  for (const [name, count] of Object.entries(connections))
    console.log(`connections of ${name}: ${count} at most`);
  console.log(`memory at most: api ${memoryMiB.api} MiB, worker ${memoryMiB.worker} MiB`);
  for (const { table, rows: count, bytes, indexBytes } of tables)
    console.log(
      `${table.padEnd(32)} ${String(count).padStart(9)} rows ${(bytes / count).toFixed(0).padStart(7)} bytes a row, ${(indexBytes / count).toFixed(0)} of them indexes`,
    );
}
