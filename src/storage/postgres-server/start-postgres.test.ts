import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { acquireLock } from '../data-directory-lock.ts';
import { asOwner } from '../database.ts';
import { openRunningStorage, openStorage, type Storage } from '../open-storage.ts';
import { processStartTime } from '../process-identity.ts';
import { readClusterHome, SYSTEM_DIRECTORY } from './cluster-home.ts';
import { readPostmaster } from './leftover-server.ts';
import { startPostgres } from './start-postgres.ts';

const onPosix = { skip: process.platform === 'win32' ? 'Unix only' : false };
const onlyRoot = { skip: process.getuid?.() === 0 ? false : 'root only' };

const root = await temporaryDirectory();
const cleanUps: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  await rm(root, { recursive: true, force: true });
});

let count = 0;
function newDataDir(): string {
  const dataDir = join(root, `data-${(count += 1)}`);
  cleanUps.push(() => removeDataDirectory(dataDir));
  return dataDir;
}

async function open(dataDir: string): Promise<Storage> {
  const storage = await openStorage({ dataDir, databaseUrl: undefined, secretBox: testSecretBox });
  cleanUps.push(() => storage.close());
  return storage;
}

async function isRunning(pid: number): Promise<boolean> {
  const started = await processStartTime(pid);
  return started !== null && started !== 'ended';
}

async function postmasterPid(dataDir: string): Promise<number> {
  const home = await readClusterHome(dataDir);
  return (home === undefined ? undefined : await readPostmaster(home.cluster))?.pid ?? 0;
}

async function startHolder(
  dataDir: string,
  mode = 'hold',
): Promise<{ child: ChildProcess; output: () => string }> {
  const holder = fileURLToPath(new URL('../../../test/helpers/server-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [holder, dataDir, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  cleanUps.push(() => Promise.resolve(child.kill('SIGKILL')));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  while (!output.includes('\n') && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return { child, output: () => output };
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function killHard(child: ChildProcess): Promise<void> {
  const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGKILL');
  await exited;
}

test('a server starts, keeps its rows over a restart, and is gone after stop', async () => {
  const dataDir = newDataDir();
  const first = await open(dataDir);
  await asOwner(first.db, (tx) =>
    tx.query("insert into tenant (id, name) values (gen_random_uuid(), 'kept')"),
  );
  const pid = await postmasterPid(dataDir);
  assert.ok(await isRunning(pid));
  await first.close();
  assert.equal(await isRunning(pid), false);
  const second = await open(dataDir);
  assert.deepEqual(await asOwner(second.db, (tx) => tx.query('select name from tenant')), [{ name: 'kept' }]);
  await second.close();
});

test('it is private: no TCP with a socket, a password, checksums, no values in logs', onPosix, async () => {
  const dataDir = newDataDir();
  const storage = await open(dataDir);
  const client = new Client({ connectionString: storage.url });
  await client.connect();
  const settings = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('listen_addresses', 'data_checksums', 'fsync', 'synchronous_commit', 'log_error_verbosity', 'log_min_error_statement', 'server_encoding', 'jit') order by name`,
  );
  const rules = await client.query<{ auth_method: string }>(
    'select distinct auth_method from pg_hba_file_rules',
  );
  await client.end();
  assert.deepEqual(Object.fromEntries(settings.rows.map((row) => [row.name, row.setting])), {
    data_checksums: 'on',
    fsync: 'on',
    jit: 'off',
    listen_addresses: '',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
  });
  assert.deepEqual(rules.rows, [{ auth_method: 'scram-sha-256' }]);
  assert.equal((await stat(join(dataDir, 'postgres.json'))).mode & 0o777, 0o600);
  const withoutPassword = new URL(storage.url);
  withoutPassword.password = 'wrong';
  await assert.rejects(new Client({ connectionString: withoutPassword.href }).connect(), { code: '28P01' });
  await storage.close();
});

test(
  'killed with -9, the next start ends the orphaned server and goes on with its data',
  onPosix,
  async () => {
    const dataDir = newDataDir();
    const { child } = await startHolder(dataDir);
    const orphan = await postmasterPid(dataDir);
    const busy = await openRunningStorage({ dataDir, databaseUrl: undefined, secretBox: testSecretBox });
    await asOwner(busy, (tx) =>
      tx.query("insert into tenant (id, name) values (gen_random_uuid(), 'survivor')"),
    );
    await busy.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(await isRunning(orphan));
    const lock = await acquireLock(dataDir);
    const storage = await open(dataDir);
    assert.equal(await isRunning(orphan), false);
    assert.notEqual(await postmasterPid(dataDir), orphan);
    assert.deepEqual(await asOwner(storage.db, (tx) => tx.query('select name from tenant')), [
      { name: 'survivor' },
    ]);
    await storage.close();
    await lock.release();
  },
);

test('both killed with -9, the next start recovers', onPosix, async () => {
  const dataDir = newDataDir();
  const { child } = await startHolder(dataDir);
  const busy = await openRunningStorage({ dataDir, databaseUrl: undefined, secretBox: testSecretBox });
  await asOwner(busy, (tx) =>
    tx.query("insert into tenant (id, name) values (gen_random_uuid(), 'committed')"),
  );
  process.kill(await postmasterPid(dataDir), 'SIGKILL');
  await killHard(child);
  await busy.close();
  const storage = await open(dataDir);
  assert.deepEqual(await asOwner(storage.db, (tx) => tx.query('select name from tenant')), [
    { name: 'committed' },
  ]);
  await storage.close();
});

test('a process that ends without stopping takes its server along', onPosix, async () => {
  const dataDir = newDataDir();
  await startHolder(dataDir, 'leave');
  const pid = await postmasterPid(dataDir);
  for (let wait = 0; wait < 200 && (await isRunning(pid)); wait += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await isRunning(pid), false);
});

for (const listen of ['socket', 'tcp'] as const)
  test(
    `a server that somebody else has ended is started again at its address (${listen})`,
    onPosix,
    async () => {
      const dataDir = newDataDir();
      const said: string[] = [];
      const say = (sentence: string): void => void said.push(sentence);
      const server = await startPostgres(dataDir, {
        listen,
        keepRunning: true,
        onTrouble: say,
        onProgress: say,
      });
      cleanUps.push(() => server.stop());
      await ask(server.url, 'create table kept as select 1 as row');
      said.length = 0;
      for (const signal of ['SIGKILL', 'SIGINT'] as const) {
        const { pid } = server;
        process.kill(pid, signal);
        while (server.pid === pid) await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(server.pid, await postmasterPid(dataDir));
        assert.deepEqual(await ask(server.url, 'select row from kept'), [{ row: 1 }]);
        assert.deepEqual(said.splice(0), [
          `The database server (process ${pid}) was ended by somebody else; it is started again.`,
          `The database server runs again (process ${server.pid}).`,
        ]);
      }
      const { pid } = server;
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal(await isRunning(pid), false);
      assert.equal(await postmasterPid(dataDir), 0, 'stopped in order it stays so');
      assert.deepEqual(said, []);
    },
  );

test('a server that cannot be started again is tried again, until it is stopped', onPosix, async () => {
  const dataDir = newDataDir();
  const said: string[] = [];
  const server = await startPostgres(dataDir, {
    keepRunning: true,
    onTrouble: (sentence) => said.push(sentence),
  });
  const cluster = (await readClusterHome(dataDir))?.cluster ?? '';
  cleanUps.push(() => server.stop());
  const { pid } = server;
  await rename(join(cluster, 'global'), join(cluster, 'away'));
  process.kill(pid, 'SIGKILL');
  while (said.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(said[1] ?? '', /^PostgreSQL did not start .*The next attempt is in 2 seconds\.$/s);
  await rename(join(cluster, 'away'), join(cluster, 'global'));
  while (server.pid === pid) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await ask(server.url, 'select 1 as one'), [{ one: 1 }]);
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  assert.equal(await isRunning(await postmasterPid(dataDir)), false);
});

test('a second one on the same data directory is told who has it', onPosix, async () => {
  const dataDir = newDataDir();
  const first = await startHolder(dataDir);
  const second = await startHolder(dataDir);
  while (second.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.notEqual(second.child.exitCode, 0);
  assert.match(
    second.output(),
    new RegExp(
      `Another Rollbook \\(process ${first.child.pid} .*http://127\\.0\\.0\\.1:1234.*another DATA_DIR`,
    ),
  );
  await killHard(first.child);
  await (await open(dataDir)).close();
});

test('a postmaster.pid with the number of another program does not stand in the way', onPosix, async () => {
  const dataDir = newDataDir();
  await (await open(dataDir)).close();
  const home = await readClusterHome(dataDir);
  await writeFile(
    join(home?.cluster ?? '', 'postmaster.pid'),
    `${process.pid}\n${home?.cluster}\n1\n5432\n\n\n`,
  );
  await (await open(dataDir)).close();
});

test('a data directory with a long path gets its socket elsewhere', onPosix, async () => {
  const dataDir = join(root, 'a-long-name-'.repeat(9), 'data');
  cleanUps.push(() => removeDataDirectory(dataDir));
  const storage = await open(dataDir);
  const socketDirectory = new URL(storage.url).searchParams.get('host') ?? '';
  assert.ok(socketDirectory !== '' && !socketDirectory.startsWith(root), socketDirectory);
  assert.equal((await stat(socketDirectory)).mode & 0o777, 0o700);
  cleanUps.push(() => rm(socketDirectory, { recursive: true, force: true }));
  await storage.close();
});

test('a data directory may have any name', onPosix, async () => {
  const dataDir = join(newDataDir(), `it's, "all" $(exit) ü\\`);
  cleanUps.push(() => removeDataDirectory(dataDir));
  const storage = await open(dataDir);
  await storage.close();
  await (await open(dataDir)).close();
});

test('where there are no sockets, a free port of this machine is used, with a password', async () => {
  const dataDir = newDataDir();
  const server = await startPostgres(dataDir, { listen: 'tcp' });
  cleanUps.push(() => server.stop());
  assert.match(server.url, /@127\.0\.0\.1:\d+\/rollbook$/);
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.end();
  await server.stop();
});

test('a database that is gone is not silently replaced by an empty one', async () => {
  const dataDir = newDataDir();
  await (await open(dataDir)).close();
  const home = await readClusterHome(dataDir);
  await rm(home?.cluster ?? '', { recursive: true });
  await assert.rejects(open(dataDir), { code: 'PostgresClusterMissing' });
});

test('a start that was killed while it made the cluster is made good', onPosix, async () => {
  const dataDir = newDataDir();
  await mkdir(join(dataDir, 'postgres', 'cluster.new'), { recursive: true });
  await writeFile(join(dataDir, 'postgres', 'cluster.new', 'PG_VERSION'), '18\n');
  await (await open(dataDir)).close();
});

test('below a folder that is closed to others, root keeps the cluster outside', onlyRoot, async () => {
  const closed = await mkdtemp(join(root, 'closed-'));
  const dataDir = join(closed, 'data');
  const first = await open(dataDir);
  const note = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as { home: string };
  cleanUps.push(() => rm(note.home, { recursive: true, force: true }));
  assert.ok(note.home.startsWith(`${SYSTEM_DIRECTORY}/`));
  assert.equal((await stat(note.home)).mode & 0o777, 0o700);
  await asOwner(first.db, (tx) =>
    tx.query("insert into tenant (id, name) values (gen_random_uuid(), 'kept')"),
  );
  await first.close();
  // Copied: refused, since both would enter one database. Moved: it takes its database along.
  const copy = join(closed, 'copy');
  await cp(dataDir, copy, { recursive: true });
  await assert.rejects(open(copy), { code: 'DataDirectoryCopied' });
  await rm(copy, { recursive: true });
  await rename(dataDir, join(closed, 'moved'));
  const moved = await open(join(closed, 'moved'));
  assert.deepEqual(await asOwner(moved.db, (tx) => tx.query('select name from tenant')), [{ name: 'kept' }]);
  await moved.close();
});
