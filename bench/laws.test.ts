import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

import { must } from '#lib/assert.ts';
import type { PostgresServer } from '#storage/postgres-server/start-postgres.ts';
import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';

import { type DirectoryStatements, explainReads } from './directory-statements.ts';
import { walBytesOf } from './resources.ts';
import { generateRoster, ROSTER_SIZES, type RosterShape } from './roster-generator.ts';
import { openProfile, withServer, withService } from './service.ts';
import type { StageMeasure } from './stage-alone.ts';
import { syncFolder } from './sync-folder.ts';

/** What must hold whatever the machine: counted, never timed. The server is the bench's own, so that nobody else's work is counted. */
const work = await temporaryDirectory();
after(() =>
  removeDataDirectory(join(work, 'postgres')).then(() => rm(work, { recursive: true, force: true })),
);

const times = (factor: number): RosterShape => {
  const { schools, students, teachers, sections, enrollments } = ROSTER_SIZES.school;
  return {
    schools: schools * factor,
    students: students * factor,
    teachers: teachers * factor,
    sections: sections * factor,
    enrollments: enrollments * factor,
  };
};

const rowsOf = ({ schools, students, teachers, sections, enrollments }: RosterShape): number =>
  schools + students + teachers + 2 * sections + enrollments;

interface Measured {
  /** Rows that PostgreSQL read (from tables and indexes) and wrote, and bytes of its log, in a first sync, one without a change and one with 2 % changed. */
  readonly read: number;
  readonly written: number;
  readonly walBytes: number;
  /** Rows that PostgreSQL read on the days after, on each of which 2 % more changed, and the changes. */
  readonly readByDays: number;
  readonly changesOfDays: number;
  /** Enrollments that changed so far, and those of them that did in their page, without their indexes. */
  readonly enrollments: { readonly changed: number; readonly inPage: number };
  /** How often Rollbook had PostgreSQL look at the directory for its statistics. */
  readonly looks: number;
  /** Rows read by a start on the directory that is there. */
  readonly readByStart: number;
  readonly statements: DirectoryStatements;
}

async function measure(server: PostgresServer, name: string, factor: number): Promise<Measured> {
  const size = times(factor);
  const folders = { first: join(work, name), changed: join(work, `${name}-changed`) };
  await generateRoster(folders.first, { size, seed: 5 });
  await generateRoster(folders.changed, { size, seed: 5, change: 0.02 });
  const begun = await count(server.url);
  const { database, tenantId } = await withService(work, server, name, async (service) => {
    const profileId = await openProfile(service.api);
    for (const folder of [folders.first, folders.first, folders.changed])
      await syncFolder(service.api, profileId, folder);
    return service;
  });
  const synced = await count(database);
  await withService(work, server, name, () => Promise.resolve());
  const started = await count(database);
  const changesOfDays = await withService(work, server, name, async (service) => {
    const profileId = await openProfile(service.api);
    let changes = 0;
    for (const change of [0.04, 0.06, 0.08]) {
      await rm(folders.changed, { recursive: true });
      await generateRoster(folders.changed, { size, seed: 5, change });
      changes += (await syncFolder(service.api, profileId, folders.changed)).items;
    }
    return changes;
  });
  const days = await count(database);
  return {
    read: synced.read,
    written: synced.written,
    walBytes: synced.walBytes - begun.walBytes,
    readByDays: days.read - started.read,
    changesOfDays,
    ...(await lookAtEnrollments(database)),
    readByStart: started.read - synced.read,
    statements: await explainReads(database, tenantId, { objects: 200, farPage: factor * 10 }),
  };
}

/** Of a whole database; a connection tells what it did when it ends. The log is that of the server. */
async function count(url: string): Promise<Pick<Measured, 'read' | 'written' | 'walBytes'>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ read: string; written: string }>(
      `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as read, sum(n_tup_ins + n_tup_upd + n_tup_del) as written
         from pg_stat_user_tables`,
    );
    return {
      read: Number(rows[0]?.read),
      written: Number(rows[0]?.written),
      walBytes: await walBytesOf(client),
    };
  } finally {
    await client.end();
  }
}

async function lookAtEnrollments(url: string): Promise<Pick<Measured, 'enrollments' | 'looks'>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ changed: string; inPage: string; looks: string }>(
      `select n_tup_upd as changed, n_tup_hot_upd as "inPage", analyze_count as looks
         from pg_stat_user_tables where relname = 'enrollment'`,
    );
    const { changed, inPage, looks } = must(rows[0]);
    return { enrollments: { changed: Number(changed), inPage: Number(inPage) }, looks: Number(looks) };
  } finally {
    await client.end();
  }
}

const TEN = 10;
let one: Measured;
let ten: Measured;
before(() =>
  withServer(work, async (server) => {
    one = await measure(server, 'one', 1);
    ten = await measure(server, 'ten', TEN);
  }),
);

/** What grows with the roster. What a process does all the time, whatever the roster, is in both. */
function perFurtherRow(of: (measured: Measured) => number): number {
  return (of(ten) - of(one)) / rowsOf(times(TEN - 1));
}

test('each further row of a roster costs the database as little as the first ones: its tables are never walked row by row', () => {
  const read = perFurtherRow((measured) => measured.read);
  const written = perFurtherRow((measured) => measured.written);
  const walBytes = perFurtherRow((measured) => measured.walBytes);
  // Measured: 12, 3 and 1,500.
  assert.ok(read > 1 && read < 20, `${read.toFixed(1)} rows read for each row of the roster`);
  assert.ok(written > 1 && written < 8, `${written.toFixed(1)} rows written for each row of the roster`);
  assert.ok(
    walBytes > 100 && walBytes < 2_500,
    `${walBytes.toFixed(0)} bytes of the log for each row of the roster`,
  );
});

test('what changes day after day costs as much for each change, however large the directory is', () => {
  const read = (ten.readByDays - one.readByDays) / (ten.changesOfDays - one.changesOfDays);
  assert.ok(ten.changesOfDays > 3_000, `${ten.changesOfDays} changes`);
  // Measured: 25; 76 when the days before were looked through whole.
  assert.ok(read > 1 && read < 50, `${read.toFixed(1)} rows read for each change`);
});

test('an enrollment changes in its page, without its indexes', () => {
  const { changed, inPage } = ten.enrollments;
  assert.ok(changed > 1_000, `${changed} changed`);
  // Measured: 93 %; none with an index of change_seq.
  assert.ok(inPage > changed * 0.7, `${inPage} of ${changed} did`);
});

test('statistics are refreshed while a directory is loaded, and not again after each day', () => {
  // Before memberships are written, and at the end.
  assert.equal(ten.looks, 2);
});

test('a start reads no more rows the larger the directory is', () => {
  // Measured: 400 at each size.
  assert.ok(
    ten.readByStart > 10 && ten.readByStart < one.readByStart + 500,
    `${one.readByStart} and ${ten.readByStart} rows`,
  );
});

test('a page of 100 users far behind the first reads no more than that', () => {
  const { usersPerPage, firstPage, farPage } = ten.statements;
  assert.equal(usersPerPage, 100);
  // Measured: 255 and 267, as the rows happen to lie.
  const most = firstPage.buffers * 1.25;
  assert.ok(
    farPage.buffers > 100 && farPage.buffers < most,
    `${firstPage.buffers} and ${farPage.buffers} buffers`,
  );
});

test("a person's classes and a class's members are looked up, in a directory of any size", () => {
  // Measured: 27 and 608 of one school, 41 and 796 of ten, of people with 6 classes and classes with 59 members. Indexes grow deeper, and nothing else.
  for (const { statements } of [one, ten]) {
    const { classesOfPerson, membersOfClass } = statements;
    assert.ok(
      classesOfPerson.mostBuffers > 10 && classesOfPerson.mostBuffers < 100,
      `${classesOfPerson.mostBuffers} buffers`,
    );
    assert.ok(
      membersOfClass.mostBuffers > 100 && membersOfClass.mostBuffers < 1_500,
      `${membersOfClass.mostBuffers} buffers`,
    );
  }
});

test('staging needs at most 100 bytes of memory for each further row, 60 with the records on a disk, and 80 MiB for each thread', async () => {
  const script = fileURLToPath(new URL('./stage-alone.ts', import.meta.url));
  const stage = async (factor: number, threads: number, ...more: string[]): Promise<StageMeasure> => {
    const places = [join(work, `stage-${factor}`), join(work, `snapshots-${factor}`)];
    const options = [script, ...places, `--threads=${threads}`, ...more];
    const { stdout } = await promisify(execFile)(process.execPath, options);
    return JSON.parse(stdout) as StageMeasure;
  };
  for (const factor of [10, 100]) {
    const [folder, snapshots] = [join(work, `stage-${factor}`), join(work, `snapshots-${factor}`)];
    await mkdir(snapshots);
    await generateRoster(folder, { size: times(factor), seed: 5 });
    await promisify(execFile)(process.execPath, [script, folder, snapshots, '--write']);
  }
  const bytesPerRow = async (...more: string[]): Promise<{ bytes: number; large: StageMeasure }> => {
    const small = await stage(10, 0, ...more);
    const large = await stage(100, 0, ...more);
    assert.equal(large.created + large.updated + large.ended, 0);
    const bytes = ((large.peakMemoryMiB - small.peakMemoryMiB) * 1024 * 1024) / (large.rows - small.rows);
    return { bytes, large };
  };
  // Measured: 63 and 37.
  const { bytes, large } = await bytesPerRow();
  assert.ok(bytes < 100, `${bytes.toFixed(0)} bytes`);
  const onDisk = await bytesPerRow('--records-in-memory=0');
  assert.ok(onDisk.bytes < 60, `${onDisk.bytes.toFixed(0)} bytes with the records on a disk`);
  // Measured: 42 to 62, as garbage happens to be collected.
  const withThreads = await stage(100, 2);
  assert.equal(withThreads.created + withThreads.updated + withThreads.ended, 0);
  const perThread = (withThreads.peakMemoryMiB - large.peakMemoryMiB) / 2;
  assert.ok(perThread > 5 && perThread < 80, `${perThread} MiB`);
});
