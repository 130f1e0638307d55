/**
 * A crash at any moment, then a restart, ends in the same directory as an undisturbed run. Kills are at random moments; the
 * seed is printed, and ROLLBOOK_KILL_SEED repeats it. ROLLBOOK_KILLS: how many (10; `npm run soak`: 200).
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { emptyTestDatabase } from '#test/helpers/database.ts';
import { dumpDirectoryAt } from '#test/helpers/directory-dump.ts';
import { bulkFiles, copyOfSet, deltaFiles, smallOneRoster } from '#test/helpers/one-roster.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { type RollbookProcess, startRollbookProcess } from '#test/helpers/rollbook-process.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const KILLS = Number(process.env['ROLLBOOK_KILLS'] ?? '10');
const SEED = Number(process.env['ROLLBOOK_KILL_SEED'] ?? String(Date.now() % 1_000_000));

/** Days of one school year: each changes, adds and removes something, within the limits of the verdict. */
function days(): SmallRoster[] {
  const first = smallRoster({ schools: 3, sections: 4, students: 60 });
  const second = copyOf(first);
  for (const [index, row] of second.student.entries()) if (index % 5 === 0) row['Grade'] = '12';
  second.studentenrollment.splice(10, 20);
  const third = copyOf(second);
  third.student.splice(5, 4);
  const left = new Set(third.student.map((row) => row['SIS ID']));
  third.studentenrollment.splice(
    0,
    third.studentenrollment.length,
    ...third.studentenrollment.filter((row) => left.has(row['SIS ID'])),
  );
  third.section.push({ ...third.section[0], 'SIS ID': 'S1C99', 'Section Name': 'Late class' });
  return [first, second, third];
}

interface Place {
  readonly process: RollbookProcess;
  readonly client: SyncClient;
}

async function withRollbook(
  work: (start: () => Promise<Place>, dump: () => Promise<string[]>) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-kill-'));
  const empty = await emptyTestDatabase();
  let running: RollbookProcess | undefined;
  try {
    await work(
      async () => {
        running = await startRollbookProcess({
          dataDir,
          databaseUrl: empty.url,
          env: { LEASE_SECONDS: '1', BATCH_ITEMS: '40', RETRY_SECONDS: '1', SECRET_KEY: TEST_SECRET_KEY },
        });
        return { process: running, client: syncClient(running) };
      },
      () => dumpDirectoryAt(empty.url),
    );
  } finally {
    await running?.stop();
    await empty.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function waitForEnd(client: SyncClient, profile: string): Promise<string> {
  const status = await client.settled(profile, 60_000);
  return `${status.status}: ${status.statusMessage}`;
}

/** The same days as whole files of OneRoster, of which the first alone is sent as it is; the others as what has changed. */
function deltaDays(): Record<string, string>[] {
  const first = smallOneRoster(30);
  const second = copyOfSet(first);
  for (const [index, [id, row]] of [...second.users].entries())
    if (index % 5 === 0) second.users.set(id, { ...row, givenName: 'Changed' });
  for (const id of [...second.enrollments.keys()].slice(10, 14)) second.enrollments.delete(id);
  const third = copyOfSet(second);
  third.classes.set('c-late', { ...third.classes.get('c-a1'), sourcedId: 'c-late', title: 'Late class' });
  for (const id of [...third.demographics.keys()].slice(0, 3)) third.demographics.delete(id);
  return [bulkFiles(first), deltaFiles(first, second), deltaFiles(second, third)];
}

async function killInEachDay(
  rosters: readonly Readonly<Record<string, string>>[],
  count: number,
): Promise<void> {
  const expected: string[][] = [];
  let syncMs = 0;
  await withRollbook(async (start, dump) => {
    const { client } = await start();
    const profile = await client.createProfile();
    for (const files of rosters) {
      const started = Date.now();
      assert.equal((await client.sync(profile, files)).status, 'success');
      syncMs = Math.max(syncMs, Date.now() - started);
      expected.push(await dump());
    }
  });
  const next = seededRandom(SEED);
  let kills = 0;
  while (kills < count) {
    await withRollbook(async (start, dump) => {
      let place = await start();
      const profile = await place.client.createProfile();
      for (const [day, files] of rosters.entries()) {
        await place.client.upload(profile, files);
        // Never awaited to its end: the server dies under it.
        const starting = place.client.start(profile).catch(() => undefined);
        await wait(next() * syncMs);
        if (kills < count) {
          await place.process.kill();
          kills += 1;
          place = await start();
        }
        await starting;
        const before = await place.client.status(profile);
        if (before.status === 'paused' || (before.status === 'success' && day > 0)) {
          // Killed before start was acknowledged: the script that called it starts again, and so do we.
          await place.client.start(profile).catch(() => undefined);
        }
        const end = await waitForEnd(place.client, profile);
        assert.deepEqual(await dump(), expected[day], `day ${day + 1}, kill ${kills}, seed ${SEED}: ${end}`);
        assert.match(end, /^success/);
      }
    });
  }
}

test(`${KILLS} kills at random moments of a sync end in the same directory (seed ${SEED})`, () =>
  killInEachDay(days().map(csvFiles), KILLS));

const DELTA_KILLS = Math.ceil(KILLS / 3);
test(`${DELTA_KILLS} kills at random moments of a sync of delta files end in the same directory (seed ${SEED})`, () =>
  killInEachDay(deltaDays(), DELTA_KILLS));
