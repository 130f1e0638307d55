import { readFile, writeFile } from 'node:fs/promises';
import { Client } from 'pg';

/** What the processes of a service used from one moment to another. */
export interface Resources {
  readonly rollbook: ProcessResources;
  /** Of all processes of the server together. `walBytes`: of the write-ahead log; they are in `writtenBytes` as well. */
  readonly postgres: ProcessResources & { readonly walBytes: number };
}

export interface ProcessResources {
  readonly cpuSeconds: number;
  /** The most at one moment. Of several processes the sum of their shares: what they share counts once. */
  readonly peakMemoryBytes: number;
  /** Handed to the disk or waiting for it, less what was thrown away before it got there. */
  readonly writtenBytes: number;
}

const SAMPLE_MS = 1_000;

/** Watches a Rollbook and the PostgreSQL of a postmaster from now on. @returns what to call at the end; it gives null where there is no /proc. */
export async function watchResources(
  rollbookPid: number,
  postmasterPid: number,
  superuserUrl: string,
): Promise<() => Promise<Resources | null>> {
  if (process.platform !== 'linux') return () => Promise.resolve(null);
  // 5: the highest resident memory counts from now on.
  await writeFile(`/proc/${rollbookPid}/clear_refs`, '5');
  const read = async (): Promise<{ rollbook: Counters; postgres: Counters; walBytes: number }> => ({
    rollbook: await readCounters([rollbookPid]),
    postgres: await readCounters(await withChildren(postmasterPid)),
    walBytes: await readWalBytes(superuserUrl),
  });
  const before = await read();
  let peakMemoryBytes = 0;
  const sample = async (): Promise<void> => {
    peakMemoryBytes = Math.max(peakMemoryBytes, await memoryOf(await withChildren(postmasterPid)));
  };
  let sampling = sample();
  const timer = setInterval(() => {
    sampling = sampling.then(sample);
  }, SAMPLE_MS);
  return async () => {
    clearInterval(timer);
    await sampling.then(sample);
    const after = await read();
    const status = await readFile(`/proc/${rollbookPid}/status`, 'utf8');
    return {
      rollbook: {
        ...difference(before.rollbook, after.rollbook),
        peakMemoryBytes: kilobytesOf(status, 'VmHWM') * 1024,
      },
      postgres: {
        ...difference(before.postgres, after.postgres),
        peakMemoryBytes,
        walBytes: after.walBytes - before.walBytes,
      },
    };
  };
}

/** CPU seconds of a process and its children so far, such as all of a PostgreSQL; 0 where there is no /proc. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  return (await readCounters(await withChildren(pid))).cpuSeconds;
}

interface Counters {
  readonly cpuSeconds: number;
  readonly writtenBytes: number;
}

function difference(before: Counters, after: Counters): Counters {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    writtenBytes: after.writtenBytes - before.writtenBytes,
  };
}

/** Of processes and of those of their children that have ended: a parent inherits what they used. */
async function readCounters(pids: readonly number[]): Promise<Counters> {
  let ticks = 0;
  let writtenBytes = 0;
  for (const pid of pids) {
    const stat = await readOf(pid, 'stat');
    // The name, in parentheses, may have spaces: user, system, and both of ended children are the 12th to 15th fields behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const field of fields.slice(11, 15)) ticks += Number(field);
    const io = await readOf(pid, 'io');
    const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1] ?? 0);
    writtenBytes += of('write_bytes') - of('cancelled_write_bytes');
  }
  // Linux counts in hundredths of a second, whatever the kernel's own clock.
  return { cpuSeconds: ticks / 100, writtenBytes };
}

async function withChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

async function memoryOf(pids: readonly number[]): Promise<number> {
  const shares = await Promise.all(
    pids.map(async (pid) => kilobytesOf(await readOf(pid, 'smaps_rollup'), 'Pss')),
  );
  return shares.reduce((sum, share) => sum + share, 0) * 1024;
}

function kilobytesOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** A process that has just ended has nothing. */
function readOf(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
}

async function readWalBytes(superuserUrl: string): Promise<number> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    return await walBytesOf(client);
  } finally {
    await client.end();
  }
}

/** Bytes of write-ahead log since the server was made. */
export async function walBytesOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`,
  );
  return rows[0]?.bytes ?? 0;
}
