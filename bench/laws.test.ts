import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

import { emptyTestDatabase } from '#test/helpers/database.ts';
import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { startRollbookProcess } from '#test/helpers/rollbook-process.ts';

import { generateRoster, ROSTER_SIZES, type RosterShape } from './roster-generator.ts';
import type { StageMeasure } from './stage-alone.ts';
import { createProfile, syncFolder } from './sync-folder.ts';

/** What must hold whatever the machine: counted, never timed. */
const work = await temporaryDirectory();
after(() => rm(work, { recursive: true, force: true }));

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

/** Rows that PostgreSQL read (from tables and indexes) and wrote in a first sync, one without a change and one with 2 % changed. */
async function rowsTouched(size: RosterShape, name: string): Promise<{ read: number; written: number }> {
  const folders = { first: join(work, name), changed: join(work, `${name}-changed`) };
  await generateRoster(folders.first, { size, seed: 5 });
  await generateRoster(folders.changed, { size, seed: 5, change: 0.02 });
  const database = await emptyTestDatabase();
  const dataDir = await temporaryDirectory();
  try {
    const rollbook = await startRollbookProcess({
      dataDir,
      databaseUrl: database.url,
      env: { SECRET_KEY: TEST_SECRET_KEY },
    });
    try {
      const api = { baseUrl: rollbook.baseUrl, token: await rollbook.token() };
      const profileId = await createProfile(api, 'Laws');
      for (const folder of [folders.first, folders.first, folders.changed])
        await syncFolder(api, profileId, folder);
    } finally {
      await rollbook.stop();
    }
    return await countRows(database.url);
  } finally {
    await database.close();
    await removeDataDirectory(dataDir);
  }
}

/** Of the whole database; a connection tells what it did when it ends. */
async function countRows(url: string): Promise<{ read: number; written: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ read: string; written: string }>(
      `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as read, sum(n_tup_ins + n_tup_upd + n_tup_del) as written
         from pg_stat_user_tables`,
    );
    return { read: Number(rows[0]?.read), written: Number(rows[0]?.written) };
  } finally {
    await client.end();
  }
}

test('each further row of a roster costs the database as little as the first ones: its tables are never walked row by row', async () => {
  const one = await rowsTouched(times(1), 'one');
  const eight = await rowsTouched(times(8), 'eight');
  const { schools, students, teachers, sections, enrollments } = times(7);
  const more = schools + students + teachers + 2 * sections + enrollments;
  const read = (eight.read - one.read) / more;
  const written = (eight.written - one.written) / more;
  // Measured: 10 and 3. What a process reads all the time, whatever the roster, is in both.
  assert.ok(read > 1 && read < 20, `${read.toFixed(1)} rows read for each row of the roster`);
  assert.ok(written > 1 && written < 8, `${written.toFixed(1)} rows written for each row of the roster`);
});

test('staging needs at most 100 bytes of memory for each further row', async () => {
  const stage = async (factor: number): Promise<StageMeasure> => {
    const folder = join(work, `stage-${factor}`);
    const snapshots = join(work, `snapshots-${factor}`);
    await mkdir(snapshots);
    await generateRoster(folder, { size: times(factor), seed: 5 });
    const script = fileURLToPath(new URL('./stage-alone.ts', import.meta.url));
    await promisify(execFile)(process.execPath, [script, folder, snapshots, '--write']);
    const { stdout } = await promisify(execFile)(process.execPath, [script, folder, snapshots]);
    return JSON.parse(stdout) as StageMeasure;
  };
  const small = await stage(10);
  const large = await stage(100);
  assert.equal(large.created + large.updated + large.ended, 0);
  const bytesPerRow = ((large.peakMemoryMiB - small.peakMemoryMiB) * 1024 * 1024) / (large.rows - small.rows);
  assert.ok(bytesPerRow < 100, `${bytesPerRow.toFixed(0)} bytes`);
});
