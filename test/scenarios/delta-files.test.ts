import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import {
  bulkFiles,
  copyOfSet,
  deltaFiles,
  type OneRosterSet,
  smallOneRoster,
} from '#test/helpers/one-roster.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

async function withRollbook(
  work: (rollbook: TestRollbook, client: SyncClient, profile: string) => Promise<void>,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    await work(rollbook, client, await client.createProfile());
  } finally {
    await rollbook.stop();
  }
}

function changed(set: OneRosterSet, change: (next: OneRosterSet) => void): OneRosterSet {
  const next = copyOfSet(set);
  change(next);
  return next;
}

function rename(set: OneRosterSet, id: string, givenName: string): void {
  set.users.set(id, { ...set.users.get(id), sourcedId: id, givenName });
}

function withoutUser(set: OneRosterSet, id: string): void {
  set.users.delete(id);
  set.demographics.delete(id);
  for (const file of ['roles', 'enrollments'] as const)
    for (const [key, row] of set[file]) if (row['userSourcedId'] === id) set[file].delete(key);
}

const first = smallOneRoster();

async function sync(client: SyncClient, profile: string, files: Record<string, string>): Promise<void> {
  const status = await client.sync(profile, files);
  assert.equal(status.status, 'success', status.statusMessage);
}

async function givenNames(rollbook: TestRollbook): Promise<Record<string, unknown>> {
  const rows = await rollbook.rows(
    `select a.user_name, p.given_name from person p join account a on a.person_id = p.id where p.active`,
  );
  return Object.fromEntries(rows.map((row) => [String(row['user_name']).split('@')[0], row['given_name']]));
}

test('what delta files change is what whole files would have changed', async () => {
  const second = changed(first, (set) => {
    rename(set, 's-a1', 'Changed');
    withoutUser(set, 's-a2');
    set.classes.set('c-a3', { ...set.classes.get('c-a1'), sourcedId: 'c-a3', title: 'New' });
    set.enrollments.set('e-new', {
      sourcedId: 'e-new',
      classSourcedId: 'c-a3',
      schoolSourcedId: 'a',
      userSourcedId: 's-a1',
      role: 'student',
    });
  });
  const third = changed(second, (set) => {
    rename(set, 's-b1', 'Changed');
    set.enrollments.delete('e-new');
    set.demographics.set('s-b1', { sourcedId: 's-b1', sex: 'male' });
  });
  const dumps: string[][] = [];
  for (const [one, two, three] of [
    [bulkFiles(first), bulkFiles(second), bulkFiles(third)],
    [bulkFiles(first), deltaFiles(first, second), deltaFiles(second, third, { withEmpty: true })],
  ] as const)
    await withRollbook(async (rollbook, client, profile) => {
      const changes = [];
      for (const files of [one, two, three]) {
        await sync(client, profile, files);
        changes.push(await changesOf(client, profile));
      }
      dumps.push([...(await dumpDirectory(rollbook.db, rollbook.tenantId)), JSON.stringify(changes)]);
    });
  assert.deepEqual(dumps[1], dumps[0]);
});

test('an earlier delta that cannot be read is named, and the next one is taken', async () => {
  await withRollbook(async (rollbook, client, profile) => {
    await sync(client, profile, bulkFiles(first));
    await client.upload(
      profile,
      deltaFiles(
        first,
        changed(first, (set) => rename(set, 's-a1', 'Lost')),
      ),
    );
    // Sealed, never read, and its bytes are lost.
    const lost = await rollbook.rows(
      `with sealed as (update upload set state = 'sealed', sealed_at = now() where profile_id = $1 and state = 'open' returning id)
       select f.object_name from upload_file f join sealed s on s.id = f.upload_id`,
      [profile],
    );
    for (const { object_name: name } of lost)
      await rm(join(rollbook.dataDir, 'uploads', String(name).slice(-2), String(name)));
    const next = changed(first, (set) => rename(set, 's-a3', 'Taken'));
    await sync(client, profile, deltaFiles(first, next));
    const names = await givenNames(rollbook);
    assert.deepEqual([names['s-a1'], names['s-a3']], ['Given', 'Taken']);
    const { findings } = (await client.latestRun(profile)) as unknown as {
      findings: { code: string; severity: string; message: string }[];
    };
    const skipped = findings.find(({ code }) => code === 'DELTA_SKIPPED');
    assert.equal(skipped?.severity, 'warning');
    assert.match(skipped.message, /^The upload of .* UTC was not read by a run, and is left out: /u);
  });
});

test('a delta that was not let in, or that a newer start overtook, is in the next one', async () => {
  await withRollbook(async (rollbook, client, profile) => {
    const path = `/api/v1/profiles/${profile}/settings`;
    // Without a whole set, the delta is no roster.
    await client.upload(profile, deltaFiles(first, first, { withEmpty: true }));
    const refused = await client.start(profile);
    assert.equal(refused.status, 400);
    assert.match(JSON.stringify(refused.body), /no whole set that it could change.*bulk set/u);
    const whole = changed(first, (set) => {
      set.users.set('s-b3', { ...set.users.get('s-b3'), sourcedId: 's-b3', grades: 'zz' });
    });
    await sync(client, profile, bulkFiles(whole));

    // Held by its plan: the next delta comes on top of it.
    await client.ok('PATCH', path, { applyPolicy: 'alwaysAsk' });
    const second = changed(whole, (set) => rename(set, 's-a1', 'Second'));
    assert.equal((await client.sync(profile, deltaFiles(whole, second))).status, 'paused');
    await client.ok('PATCH', path, { applyPolicy: 'whenClean' });
    const third = changed(second, (set) => rename(set, 's-a3', 'Third'));
    await sync(client, profile, deltaFiles(second, third));

    // Sealed, and never read: as when a newer start takes the place of a queued run.
    const fourth = changed(third, (set) => rename(set, 's-a5', 'Fourth'));
    await client.upload(profile, deltaFiles(third, fourth));
    await rollbook.rows(
      `update upload set state = 'sealed', sealed_at = now() where profile_id = $1 and state = 'open'`,
      [profile],
    );
    const fifth = changed(fourth, (set) => rename(set, 's-a7', 'Fifth'));
    await sync(client, profile, deltaFiles(fourth, fifth));
    const names = await givenNames(rollbook);
    assert.deepEqual(
      ['s-a1', 's-a3', 's-a5', 's-a7', 's-b1'].map((id) => names[id]),
      ['Second', 'Third', 'Fourth', 'Fifth', 'Given'],
    );
    const counts = (await client.latestRun(profile)) as unknown as {
      counts: { merge: { files: { file: string; from: string; deltaRows: number; keptRows: number }[] } };
      findingCounts: { code: string }[];
      findings: { code: string; line: number | null; message: string }[];
    };
    const users = counts.counts.merge.files.find(({ file }) => file === 'users.csv');
    assert.deepEqual([users?.from, users?.deltaRows, users?.keptRows], ['delta', 1, fifth.users.size - 1]);
    assert.ok(counts.findingCounts.some(({ code }) => code === 'DELTA_CAUGHT_UP'));

    const kept = counts.findings.find(({ code }) => code === 'ENUM_UNKNOWN');
    assert.equal(kept?.line, null);
    assert.match(kept.message, /A row of the set of .* UTC, which was kept/u);

    // The bytes of the kept set are gone: nothing is taken for whole, and the remedy is said.
    await rollbook.rows(`update upload set state = 'erased', wrapped_key = null where reading = 'whole'`);
    await client.upload(
      profile,
      deltaFiles(
        fifth,
        changed(fifth, (set) => rename(set, 's-b1', 'Sixth')),
      ),
    );
    const gone = await client.start(profile);
    assert.equal(gone.status, 400);
    assert.match(JSON.stringify(gone.body), /no whole set/u);
    assert.equal((await givenNames(rollbook))['s-b1'], 'Given');
    await sync(client, profile, bulkFiles(fifth));
  });
});
