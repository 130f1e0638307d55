/** `rollbook doctor` with what is really broken: disks, keys, certificates, ports, databases. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Client } from 'pg';

import { openSecretBox } from '#access/open-secret-box.ts';
import { parseSecretKey } from '#access/secret-key.ts';
import type { Check } from '#core/doctor/check.ts';
import { resolveSettings } from '#core/resolve-settings.ts';
import { makeSelfSignedCertificate } from '#http/tls/self-signed-certificate.ts';
import { realSystem } from '#lib/system.ts';
import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { transactionPooler } from '#test/fakes/transaction-pooler.ts';
import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';
import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { startTestRollbook, TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';

import { examine } from '../../src/main/doctor/examine.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let database: TestDatabase;
let work: string;
before(async () => {
  database = await testDatabase();
  const box = openSecretBox(parseSecretKey(TEST_SECRET_KEY, 'test'), realSystem);
  await database.db.owner.query('update tenant_secret set hash_key = $1', [box.seal(Buffer.alloc(32, 1))]);
  work = await temporaryDirectory();
});
after(async () => {
  await database.close();
  await rm(work, { recursive: true, force: true });
});

let made = 0;
async function folder(): Promise<string> {
  const path = join(work, `data-${++made}`);
  await mkdir(path, { mode: 0o700 });
  return path;
}

/** The checks of these settings; ports closed unless given, the test database unless another. */
async function look(env: Record<string, string>): Promise<(name: string) => Check> {
  const { values } = resolveSettings({
    flags: {},
    env: {
      PORT: '0',
      HTTPS_PORT: 'off',
      DATABASE_URL: database.url,
      SECRET_KEY: TEST_SECRET_KEY,
      DATA_DIR: work,
      ...env,
    },
  });
  const checks = await examine(values, realSystem, '1.2.3');
  return (name) => {
    const found = checks.find((check) => check.name === name);
    assert.ok(found, `${name}: ${checks.map((check) => check.name).join(', ')}`);
    return found;
  };
}

function expectFault(check: Check, found: RegExp, remedy: RegExp): void {
  assert.equal(check.health, 'fault', JSON.stringify(check));
  assert.match(check.found, found);
  assert.match(check.remedy ?? '', remedy);
}

/** Mounts a small file system for the test; only root may. */
async function mounted(options: string, work: (path: string) => Promise<void>): Promise<void> {
  const path = await folder();
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  try {
    await work(path);
  } finally {
    await run('umount', ['-l', path]);
  }
}

test('a disk that is full', async () => {
  if (!isRoot) {
    // Without the right to mount, every device that is always full does for the write; the space itself is judged in core.
    await assert.rejects(writeFile('/dev/full', 'x'), { code: 'ENOSPC' });
    return;
  }
  await mounted('size=64k,mode=700', async (path) => {
    await writeFile(join(path, 'filler'), Buffer.alloc(60 * 1024));
    const of = await look({ DATA_DIR: path });
    expectFault(of('writable'), /ENOSPC|only a part/, /make room/);
    expectFault(of('free space of DATA_DIR'), /^\d+ MiB of \d+ MiB are free/, /Make room/);
    assert.deepEqual(await readdir(path), ['filler'], 'nothing is left behind');
    const before = await look({ DATA_DIR: join(path, 'not', 'yet') });
    assert.equal(before('data directory').health, 'ok');
    expectFault(before('free space of DATA_DIR'), /^\d+ MiB of \d+ MiB are free/, /Make room/);
  });
});

test('a disk that is mounted for reading alone, or a folder that is somebody else’s', async () => {
  if (isRoot) {
    await mounted('size=1m,mode=700,ro', async (path) => {
      expectFault((await look({ DATA_DIR: path }))('writable'), /EROFS/, /mount it for writing/);
    });
    return;
  }
  const path = await folder();
  await chmod(path, 0o500);
  expectFault((await look({ DATA_DIR: path }))('writable'), /EACCES/, /Give the folder to the user/);
});

test('files with secrets that others may read, and a folder that others may list', async () => {
  const path = await folder();
  const key = join(path, 'secret.key');
  await writeFile(key, TEST_SECRET_KEY);
  // Others, or those of the group alone; passing through it shows nobody what is in a folder.
  for (const [folderMode, fileMode] of [
    [0o755, 0o644],
    [0o750, 0o640],
    [0o703, 0o620],
  ] as const) {
    await chmod(path, folderMode);
    await chmod(key, fileMode);
    const of = await look({ DATA_DIR: path });
    expectFault(of('private files'), /secret\.key/, /chmod 600/);
    assert.equal(of('rights').health, 'warning');
    assert.equal(of('writable').health, 'ok');
    assert.ok(['ok', 'warning', 'fault'].includes(of('speed of fsync').health));
  }
  await chmod(path, 0o711);
  await chmod(key, 0o600);
  const of = await look({ DATA_DIR: path });
  assert.deepEqual([of('private files').health, of('rights').health], ['ok', 'ok']);
});

test('a SECRET_KEY that is another one, missing, or no key', async () => {
  const other = `v1:${Buffer.alloc(32, 9).toString('base64')}`;
  let of = await look({ SECRET_KEY: other });
  expectFault(of('SECRET_KEY is right'), /cannot be opened with this key/, /the key it had/);
  of = await look({ SECRET_KEY: '', DATA_DIR: await folder() });
  expectFault(of('SECRET_KEY is right'), /there is no key/, /the key it had/);
  of = await look({ SECRET_KEY: 'v1:c2hvcnQ=' });
  expectFault(of('SECRET_KEY'), /less than 32 bytes/, /the key it had/);
  assert.doesNotMatch(JSON.stringify(of('SECRET_KEY')), /c2hvcnQ/);
  of = await look({});
  assert.equal(of('SECRET_KEY is right').health, 'ok', JSON.stringify(of('SECRET_KEY is right')));
});

test('a secret.key that is lost: its database knows that there was one, also while it does not run', async () => {
  const path = await folder();
  const env = { SECRET_KEY: '', DATABASE_URL: '', DATA_DIR: path };
  assert.equal((await look(env))('SECRET_KEY').health, 'ok');
  await writeFile(join(path, 'postgres.json'), JSON.stringify({ home: 'postgres', superuserPassword: 'x' }));
  expectFault(
    (await look(env))('SECRET_KEY'),
    /has a database, and the key .* is missing/,
    /Put secret\.key back/,
  );
});

test('a data directory that is a link to what is not there: the start would not make it', async () => {
  const path = join(await folder(), 'link');
  await symlink(join(path, '..', 'not', 'there'), path);
  expectFault(
    (await look({ DATA_DIR: path }))('data directory'),
    /a link to a place that is not there/,
    /Mount/,
  );
});

test('a certificate that ran out, is not yet good, belongs to another key, or is none', async () => {
  const path = await folder();
  const day = 86_400_000;
  const files = { TLS_CERT: join(path, 'cert.pem'), TLS_KEY: join(path, 'key.pem') };
  const write = async (fromDays: number, toDays: number): Promise<void> => {
    const pair = makeSelfSignedCertificate(['roster.example'], {
      from: new Date(Date.now() + fromDays * day),
      to: new Date(Date.now() + toDays * day),
    });
    await writeFile(files.TLS_CERT, pair.cert);
    await writeFile(files.TLS_KEY, pair.key);
  };
  const certificate = async (env: Record<string, string> = {}): Promise<Check> =>
    (await look({ HTTPS_PORT: '0', ...files, ...env }))('certificate');
  await write(-40, -10);
  expectFault(await certificate(), /ran out on/, /Renew it/);
  await write(1, 30);
  expectFault(await certificate(), /is not good before/, /clock/);
  await write(-1, 10);
  assert.equal((await certificate()).health, 'warning');
  await write(-1, 90);
  assert.equal((await certificate()).health, 'ok');
  assert.equal((await certificate({ PUBLIC_URL: 'https://other.example' })).health, 'warning');
  assert.equal((await certificate({ PUBLIC_URL: 'https://roster.example' })).health, 'ok');
  const { key } = makeSelfSignedCertificate(['x'], { from: new Date(), to: new Date(Date.now() + day) });
  await writeFile(files.TLS_KEY, key);
  expectFault(await certificate(), /does not belong to the key/, /belong together/);
  await writeFile(files.TLS_CERT, 'no certificate');
  expectFault(await certificate(), /cannot be used/, /PEM/);
});

test('a port that another program has', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const of = await look({ PORT: String(port) });
    expectFault(of('ports'), /EADDRINUSE/, /another PORT/);
  } finally {
    server.close();
  }
  assert.equal((await look({ PORT: String(port) }))('ports').health, 'ok');
});

test('a database that is down: it is said, and all the rest is looked at', async () => {
  const url = 'postgresql://somebody:hidden-word@127.0.0.1:9/rollbook';
  const of = await look({ DATABASE_URL: url });
  expectFault(of('reachable'), /cannot be reached.*not looked at/, /DATABASE_URL/);
  assert.doesNotMatch(JSON.stringify(of('reachable')), /hidden-word/);
  assert.equal(of('writable').health, 'ok');
  const own = await look({ DATABASE_URL: '', DATA_DIR: await folder() });
  assert.equal(own('reachable').health, 'unknown');
  assert.match(own('reachable').remedy ?? '', /Start Rollbook/);
});

test('a database that takes no more connections: not a wrong password, and not something nobody can say', async () => {
  const name = `crowd_${process.pid}`;
  const alter = async (statement: string): Promise<void> => {
    await database.db.owner.query(`set role none; ${statement}; set role rollbook_owner`);
  };
  await alter(`create role ${name} login password 'x' connection limit 0`);
  try {
    const url = new URL(database.url);
    url.username = name;
    url.password = 'x';
    // None at all; and one, but not those that a look for a pooler needs beside it.
    for (const limit of [0, 1]) {
      await alter(`alter role ${name} connection limit ${limit}`);
      const of = await look({ DATABASE_URL: url.href });
      expectFault(
        of('connections'),
        /takes no more connections: too many connections for role/,
        /max_connections.*limits of the role/,
      );
    }
  } finally {
    await alter(`drop role ${name}`);
  }
});

test('connections that others hold are counted, also for a login that may not see what they are', async () => {
  const guest = `counter_${process.pid}`;
  const admin = await database.db.owner.connect();
  const url = new URL(database.url);
  url.username = guest;
  url.password = 'x';
  const others = Array.from({ length: 6 }, () => new Client({ connectionString: database.url }));
  try {
    await admin.query(`set role none; create role ${guest} login password 'x'`);
    for (const other of others) await other.connect();
    const { found } = (await look({ DATABASE_URL: url.href }))('connections');
    const used = Number(/, (\d+) are used/.exec(found)?.[1]);
    assert.ok(used > others.length, found);
  } finally {
    for (const other of others) await other.end();
    await admin.query(`drop role if exists ${guest}`);
    admin.release(true);
  }
});

test('a login that may not set up the roles: said before the first start fails by it', async () => {
  const [guest, place] = [`guest_${process.pid}`, `place_${process.pid}`];
  const url = new URL(database.url);
  url.username = guest;
  url.password = 'x';
  url.pathname = `/${place}`;
  const admin = await database.db.owner.connect();
  try {
    await admin.query('set role none');
    await admin.query(`create role ${guest} login password 'x'`);
    await admin.query(`create database ${place}`);
    const of = await look({ DATABASE_URL: url.href });
    expectFault(of('rights of the login'), new RegExp(guest), /prints what an administrator/);
    await admin.query(`grant rollbook_owner to ${guest}`);
    await admin.query(`grant create on database ${place} to rollbook_owner`);
    assert.equal((await look({ DATABASE_URL: url.href }))('schema').health, 'ok');
  } finally {
    await admin.query(`drop database if exists ${place} with (force)`);
    await admin.query(`drop role if exists ${guest}`);
    admin.release(true);
  }
});

test('PostgreSQL with fsync off, and the one that Rollbook starts', async () => {
  const path = await temporaryDirectory();
  try {
    for (const durable of [false, true]) {
      const server = await startPostgres(path, { durable });
      try {
        const of = await look({ DATABASE_URL: '', DATA_DIR: path });
        assert.equal(of('reachable').health, 'ok');
        if (!durable) {
          expectFault(of('durability'), /fsync and full_page_writes are off/, /fsync = on/);
          continue;
        }
        for (const name of [
          'durability',
          'checksums',
          'autovacuum',
          'shared_buffers',
          'work_mem',
          'max_wal_size',
          'connections',
          'statement_timeout',
          'encoding',
          'collation',
          'version',
          'schema',
          'clock',
          'pooler',
        ])
          assert.equal(of(name).health, 'ok', JSON.stringify(of(name)));
      } finally {
        await server.stop();
      }
    }
  } finally {
    await removeDataDirectory(path);
  }
});

test('a pooler in transaction mode stands before the database', async () => {
  const pooler = await transactionPooler(database.url);
  try {
    const of = await look({ DATABASE_URL: pooler.url });
    expectFault(of('pooler'), /transaction mode/, /pool_mode = session/);
  } finally {
    await pooler.close();
  }
});

test('settings of the database, its roles and its schema', async () => {
  const name = new URL(database.url).pathname.slice(1);
  const alter = async (statement: string): Promise<void> => {
    await database.db.owner.query(`set role none; ${statement}; set role rollbook_owner`);
  };
  await alter(`alter database ${name} set statement_timeout = '20s'`);
  await alter(`alter database ${name} set work_mem = '1MB'`);
  await alter(`alter database ${name} set synchronous_commit = off`);
  let of = await look({});
  assert.equal(of('statement_timeout').health, 'warning');
  assert.equal(of('work_mem').health, 'warning');
  await alter(`alter database ${name} reset all`);
  await alter(`alter database ${name} set default_transaction_read_only = on`);
  expectFault((await look({}))('takes writes'), /default_transaction_read_only is on/, /= off/);
  await alter(`alter database ${name} reset all`);
  await database.db.owner.query(
    `insert into schema_migration (number, name, hash) values (9999, '9999-later', '')`,
  );
  of = await look({});
  expectFault(of('schema'), /schema is 9999/, /newer Rollbook/);
  await database.db.owner.query(
    'delete from schema_migration where number >= (select max(number) from schema_migration where number < 9999)',
  );
  assert.equal((await look({}))('schema').health, 'warning');
});

test('beside a Rollbook that runs: its ports are its own, and another version is noticed', async () => {
  const rollbook = await startTestRollbook();
  try {
    const of = await look({
      DATA_DIR: rollbook.dataDir,
      PORT: new URL(rollbook.baseUrl).port,
      DATABASE_URL: rollbook.db.ownerConnectionString,
    });
    assert.equal(of('ports').health, 'ok', JSON.stringify(of('ports')));
    assert.equal(of('service').health, 'warning');
    assert.match(of('service').found, /0\.0\.0-test.*1\.2\.3/);
  } finally {
    await rollbook.stop();
  }
});

test('the command: exit codes, JSON, and nothing that is secret', async () => {
  const path = await folder();
  const env = {
    ...process.env,
    DATA_DIR: path,
    PORT: '0',
    HTTPS_PORT: 'off',
    DATABASE_URL: 'postgresql://somebody:hidden-word@127.0.0.1:9/rollbook',
    SECRET_KEY: TEST_SECRET_KEY,
  };
  const main = join(PACKAGE_DIR, 'src', 'main.ts');
  const failed = await run(process.execPath, [main, 'doctor', '--json'], { env }).then(
    () => assert.fail('a database that is down is a fault'),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  assert.equal(failed.code, 9);
  const report = JSON.parse(failed.stdout) as { health: string; checks: Check[]; exitCode: number };
  assert.deepEqual([report.health, report.exitCode], ['fault', 9]);
  assert.ok(report.checks.length > 8);
  assert.doesNotMatch(failed.stdout + failed.stderr, /hidden-word|BwcHBwcH/);
  assert.deepEqual(await readdir(path), [], 'nothing was made');
});
