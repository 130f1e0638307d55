import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Check, type Health, worstOf } from './check.ts';
import { judgeServer, type ServerFacts } from './judge-database.ts';
import {
  judgeClock,
  judgeFsync,
  judgeMemory,
  judgeNode,
  judgeOpenFiles,
  judgeSpace,
  judgeTimeZone,
} from './judge-machine.ts';

const GIB = 1024 ** 3;
const disk = { path: '/data', totalBytes: 100 * GIB, freeBytes: 50 * GIB, freeFiles: 1e6, totalFiles: 2e6 };
const memory = { totalBytes: 8 * GIB, availableBytes: 4 * GIB, ownDatabase: true };

const MACHINE: readonly (readonly [what: string, check: Check, health: Health])[] = [
  ['much room', judgeSpace('DATA_DIR', disk), 'ok'],
  ['four GiB left', judgeSpace('DATA_DIR', { ...disk, freeBytes: 4 * GIB }), 'warning'],
  ['half a GiB left', judgeSpace('DATA_DIR', { ...disk, freeBytes: GIB / 2 }), 'fault'],
  ['no file more', judgeSpace('DATA_DIR', { ...disk, freeFiles: 3 }), 'fault'],
  ['files are not counted', judgeSpace('DATA_DIR', { ...disk, freeFiles: 0, totalFiles: 0 }), 'ok'],
  ['a fast disk', judgeFsync('/data', 1.2), 'ok'],
  ['a slow disk', judgeFsync('/data', 60), 'warning'],
  ['a share far away', judgeFsync('/data', 900), 'fault'],
  ['enough memory', judgeMemory(memory), 'ok'],
  ['hardly any is left', judgeMemory({ ...memory, availableBytes: 100 * 1024 ** 2 }), 'warning'],
  ['too small with a database', judgeMemory({ ...memory, totalBytes: 0.9 * GIB }), 'fault'],
  [
    'small, the database elsewhere',
    judgeMemory({ ...memory, totalBytes: 0.9 * GIB, ownDatabase: false }),
    'warning',
  ],
  ['open files', judgeOpenFiles(65_536), 'ok'],
  ['few open files', judgeOpenFiles(1_024), 'warning'],
  ['too few', judgeOpenFiles(256), 'fault'],
  ['nobody says', judgeOpenFiles(null), 'unknown'],
  ['Node 24', judgeNode('24.21.0'), 'ok'],
  ['Node 22', judgeNode('22.3.0'), 'fault'],
  ['a zone', judgeTimeZone('Europe/Berlin', 'Europe/Berlin'), 'ok'],
  ['no zone', judgeTimeZone('Etc/Unknown', 'Europe/Atlantis'), 'warning'],
  ['clocks agree', judgeClock(0.2), 'ok'],
  ['five seconds', judgeClock(-5), 'warning'],
  ['an hour', judgeClock(3_600), 'fault'],
];

for (const [what, { health, remedy, found }, expected] of MACHINE)
  test(`${what}: ${expected}`, () => {
    assert.equal(health, expected, found);
    // Whoever is told of something is told what to do.
    assert.equal(remedy !== undefined, expected === 'warning' || expected === 'fault');
  });

const good: ServerFacts = {
  versionNumber: 180_000,
  version: '18.0',
  fsync: true,
  fullPageWrites: true,
  synchronousCommit: 'on',
  autovacuum: true,
  sharedBuffersBytes: GIB,
  workMemBytes: 32 * 1024 ** 2,
  maxWalBytes: 4 * GIB,
  maxConnections: 100,
  reservedConnections: 3,
  usedConnections: 4,
  statementTimeoutMs: 0,
  isStandby: false,
  isReadOnly: false,
  encoding: 'UTF8',
  collation: 'C.UTF-8',
  collationChanged: false,
  checksums: true,
};

const SERVERS: readonly (readonly [
  name: string,
  change: Partial<ServerFacts>,
  health: Health,
  remedy: RegExp,
])[] = [
  ['version', { versionNumber: 140_009, version: '14.9' }, 'fault', /PostgreSQL 15/],
  ['durability', { fsync: false }, 'fault', /^Set fsync = on in/],
  ['durability', { synchronousCommit: 'off' }, 'warning', /synchronous_commit = on/],
  ['checksums', { checksums: false }, 'warning', /pg_checksums/],
  ['takes writes', { isStandby: true }, 'fault', /primary/],
  ['takes writes', { isReadOnly: true }, 'fault', /default_transaction_read_only/],
  ['autovacuum', { autovacuum: false }, 'fault', /autovacuum = on/],
  ['shared_buffers', { sharedBuffersBytes: 16 * 1024 ** 2 }, 'warning', /a quarter/],
  ['work_mem', { workMemBytes: 4 * 1024 ** 2 }, 'warning', /32MB/],
  ['max_wal_size', { maxWalBytes: 100 * 1024 ** 2 }, 'warning', /8GB/],
  ['connections', { maxConnections: 20 }, 'fault', /39 at least, and 26 more/],
  ['connections', { usedConnections: 94 }, 'fault', /Hardly any are left/],
  ['connections', { maxConnections: 40 }, 'warning', /max_connections to 65/],
  ['statement_timeout', { statementTimeoutMs: 30_000 }, 'warning', /statement_timeout = 0/],
  ['encoding', { encoding: 'SQL_ASCII' }, 'fault', /ENCODING UTF8/],
  ['collation', { collationChanged: true }, 'fault', /REINDEX/],
];

for (const [name, change, health, remedy] of SERVERS)
  test(`a server with ${JSON.stringify(change)}: one ${health}`, () => {
    const wrong = judgeServer({ ...good, ...change }, 26).filter((check) => check.health !== 'ok');
    assert.deepEqual(
      wrong.map((check) => [check.name, check.health]),
      [[name, health]],
    );
    assert.match(wrong[0]?.remedy ?? '', remedy);
  });

test('a good server has nothing to change, and the worst of many is what counts', () => {
  const checks = judgeServer(good, 26);
  assert.equal(worstOf(checks), 'ok');
  assert.equal(worstOf([...checks, judgeOpenFiles(null)]), 'unknown');
  assert.equal(worstOf([...checks, judgeOpenFiles(null), judgeFsync('/', 60)]), 'warning');
  assert.equal(worstOf([judgeFsync('/', 900), judgeFsync('/', 60)]), 'fault');
});
