import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { OperationalError } from '#lib/errors.ts';
import { acquireLock, type DataDirectoryLock, readLock } from './data-directory-lock.ts';

const root = await mkdtemp(join(tmpdir(), 'rollbook-lock-'));
after(() => rm(root, { recursive: true, force: true }));

let count = 0;
const newDirectory = (): string => join(root, `data-${(count += 1)}`);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function writeLock(dataDir: string, change: Partial<DataDirectoryLock>): Promise<void> {
  const held = await acquireLock(dataDir);
  const path = join(dataDir, 'rollbook.lock');
  const lock = { ...(JSON.parse(await readFile(path, 'utf8')) as DataDirectoryLock), ...change };
  await held.release();
  await writeFile(path, JSON.stringify(lock));
}

test('the second one is told who holds the directory, and where', async () => {
  const dataDir = newDirectory();
  const held = await acquireLock(dataDir);
  await held.update(['http://127.0.0.1:8080']);
  await assert.rejects(acquireLock(dataDir), (error) => {
    assert.ok(error instanceof OperationalError);
    assert.equal(error.code, 'DataDirectoryInUse');
    assert.match(error.message, new RegExp(`process ${process.pid} .*http://127\\.0\\.0\\.1:8080.*DATA_DIR`));
    return true;
  });
  assert.deepEqual((await readLock(dataDir))?.addresses, ['http://127.0.0.1:8080']);
  await held.release();
  assert.equal(await readLock(dataDir), undefined);
  await (await acquireLock(dataDir)).release();
});

test('a lock tells nobody but its user anything', { skip: process.platform === 'win32' }, async () => {
  const dataDir = newDirectory();
  const held = await acquireLock(dataDir);
  assert.equal((await stat(join(dataDir, 'rollbook.lock'))).mode & 0o777, 0o600);
  await held.release();
});

test('of many that start at once, one gets the directory', async () => {
  const dataDir = newDirectory();
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(dataDir)));
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
});

const stale: { name: string; change: () => Promise<Partial<DataDirectoryLock>> }[] = [
  {
    name: 'a process that is gone',
    change: async () => {
      const child = spawn(process.execPath, ['-e', '']);
      await once(child, 'exit');
      return { pid: child.pid ?? 0 };
    },
  },
  {
    name: 'a process number that another process has now',
    change: () => Promise.resolve({ pid: process.ppid, processStartTime: 'boot+1' }),
  },
];
for (const { name, change } of stale) {
  test(`replaced: the lock of ${name}`, async () => {
    const dataDir = newDirectory();
    await writeLock(dataDir, await change());
    assert.equal(await readLock(dataDir), undefined);
    const results = await Promise.allSettled([acquireLock(dataDir), acquireLock(dataDir)]);
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  });
}

test('a lock from another machine holds while its heartbeat is fresh', async () => {
  const dataDir = newDirectory();
  await writeLock(dataDir, { place: 'elsewhere pid:[1]' });
  await assert.rejects(acquireLock(dataDir), { code: 'DataDirectoryInUse' });
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(dataDir, 'rollbook.lock'), anHourAgo, anHourAgo);
  await (await acquireLock(dataDir, { heartbeatMs: 5 })).release();
});

for (const { name, aheadMs } of [
  { name: 'behind', aheadMs: -3_600_000 },
  { name: 'ahead', aheadMs: 3_600_000 },
])
  test(`a machine whose clock is an hour ${name} keeps its lock as long as it lives, and no longer`, async () => {
    const dataDir = newDirectory();
    const path = join(dataDir, 'rollbook.lock');
    await writeLock(dataDir, { place: 'elsewhere pid:[1]' });
    const beat = (): Promise<void> => {
      const now = new Date(Date.now() + aheadMs);
      return utimes(path, now, now);
    };
    await beat();
    const heart = setInterval(() => void beat().catch(() => undefined), 5);
    try {
      await assert.rejects(acquireLock(dataDir, { heartbeatMs: 200 }), { code: 'DataDirectoryInUse' });
    } finally {
      clearInterval(heart);
    }
    await beat();
    await (await acquireLock(dataDir, { heartbeatMs: 5 })).release();
  });

test('a lock cut short by a full disk does not keep the directory closed', async () => {
  const dataDir = newDirectory();
  await writeLock(dataDir, {});
  await writeFile(join(dataDir, 'rollbook.lock'), '{"pid": 1');
  await (await acquireLock(dataDir)).release();
});

test('a lock that is removed by hand is put back, so that nobody else starts', async () => {
  const dataDir = newDirectory();
  const path = join(dataDir, 'rollbook.lock');
  const held = await acquireLock(dataDir, { heartbeatMs: 5 });
  const text = await readFile(path, 'utf8');
  await rm(path);
  for (let attempt = 0; attempt < 1_000 && !(await isThere(path)); attempt++) await wait(5);
  assert.equal(await readFile(path, 'utf8'), text);
  await assert.rejects(acquireLock(dataDir), { code: 'DataDirectoryInUse' });
  await held.release();
  assert.equal(await isThere(path), false);
});

test('who was silent for too long is told that the directory is taken, and keeps nobody else alive', async () => {
  const dataDir = newDirectory();
  const path = join(dataDir, 'rollbook.lock');
  const told: string[] = [];
  const silent = await acquireLock(dataDir, { heartbeatMs: 5, onLost: (sentence) => told.push(sentence) });
  const lock = JSON.parse(await readFile(path, 'utf8')) as DataDirectoryLock;
  const other = `${path}.other`;
  await writeFile(
    other,
    JSON.stringify({ ...lock, place: 'elsewhere pid:[1]', startedAt: '2026-11-27T00:00:00.000Z' }),
  );
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(other, anHourAgo, anHourAgo);
  await rename(other, path);
  for (let attempt = 0; attempt < 1_000 && told.length === 0; attempt++) await wait(5);
  assert.match(told.join(), /was taken by process \d+ on elsewhere/);
  assert.equal((await stat(path)).mtimeMs, anHourAgo.getTime());
  await silent.release();
  assert.equal(await isThere(path), true, 'the lock of the other');
});
