/** What goes on, and what is put back, after a run stopped half way; retries of users with two records. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { importAccounts } from '#test/helpers/accounts.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { toV21Format } from '#test/helpers/other-formats.ts';
import { ownRoster } from '#test/helpers/own-roster.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster, type smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({
    retryDelaySeconds: 0.05,
    engine: { retrySweepSeconds: 0.05, batchItems: 5, leaseSeconds: 2 },
  });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
function prefixedRoster(size: Parameters<typeof smallRoster>[0] = {}): {
  roster: SmallRoster;
  prefix: string;
} {
  const prefix = `y${(made += 1)}-`;
  return { prefix, roster: ownRoster(prefix, size) };
}
const v21 = (roster: SmallRoster): Record<string, string> => toV21Format(csvFiles(roster));

async function newest(profile: string, trigger: string, state: string): Promise<string> {
  let run: Record<string, unknown> | undefined;
  for (let attempt = 0; attempt < 400; attempt += 1) {
    [run] = await rollbook.rows(
      'select id, state from run where profile_id = $1 and trigger = $2 order by created_at desc limit 1',
      [profile, trigger],
    );
    if (run?.['state'] === state) return String(run['id']);
    await wait(50);
  }
  throw new Error(`no ${trigger} is ${state}: ${JSON.stringify(run)}`);
}

test('a user who is student and staff, tried again: both records come in', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 3, students: 12 });
  const both = `${prefix}S1P1`;
  roster.teacher.push({ ...roster.student[0], 'School SIS ID': `${prefix}S2` });
  roster.teacherroster.push({ 'Section SIS ID': `${prefix}S2C1`, 'SIS ID': both });
  const names = ['students.contoso.example', 'contoso.example'].map((domain) =>
    `${both}@${domain}`.toLowerCase(),
  );
  await importAccounts(
    rollbook,
    names.map((Username) => ({ Username })),
  );
  const profile = await client.createProfile({ displayName: 'Profile 13' });
  const first = await client.sync(profile, v21(roster));
  assert.equal(first.status, 'error');
  for (const name of names)
    await rollbook.rows(`update account set user_name = 'x' || user_name where lower(user_name) = $1`, [
      name,
    ]);
  await rollbook.rows(
    `update escrow set next_attempt_at = now() - interval '1 second' where profile_id = $1`,
    [profile],
  );
  await newest(profile, 'retry', 'completed');
  const after = await client.settled(profile);
  const [found] = await rollbook.rows(
    `select array(select role from role r where r.person_id = p.id and r.active order by 1) as roles,
            array(select e.role from enrollment e where e.person_id = p.id and e.active order by 1) as places
       from person p where p.student_external_id = $1`,
    [both],
  );
  assert.deepEqual(
    [after.status, found],
    ['success', { roles: ['student', 'teacher'], places: ['student', 'student', 'teacher'] }],
  );
});

test('an expiration that was cancelled half way and came again: its undo puts everything back', async () => {
  const { roster } = prefixedRoster({ schools: 2, sections: 2, students: 4 });
  const profile = await client.createProfile({ displayName: 'Profile 10' });
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    schedule: { onExpiration: 'expireClassesAndEndStudents' },
  });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const directory = await dumpDirectory(rollbook.db, rollbook.tenantId);
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2026-06-30' });
  const first = await newest(profile, 'expiration', 'held');
  // It breaks in the middle of the students.
  await rollbook.rows(
    `create function die() returns trigger language plpgsql as $$ begin if (select count(*) from enrollment where not active and ended_by_expiration is not null) > 6 then raise 'dead'; end if; return null; end $$`,
  );
  await rollbook.rows(
    `create trigger die after update on enrollment for each statement execute function die()`,
  );
  await client.ok('POST', `/api/v1/runs/${first}/approve`);
  await newest(profile, 'expiration', 'broken');
  await rollbook.rows('drop trigger die on enrollment');
  await rollbook.rows('drop function die');
  await client.ok('POST', `/api/v1/runs/${first}/cancel`);
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2026-06-29' });
  const second = await newest(profile, 'expiration', 'held');
  assert.notEqual(second, first);
  await client.ok('POST', `/api/v1/runs/${second}/approve`);
  await newest(profile, 'expiration', 'completed');
  await client.call('POST', `/api/v1/profiles/${profile}/undo-expiration`, {});
  await client.ok('POST', `/api/v1/runs/${await newest(profile, 'expirationUndo', 'held')}/approve`);
  await newest(profile, 'expirationUndo', 'completed');
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), directory);
});

test('a preview that is approved beside a start that stopped, and paused half way, goes on with the pause', async () => {
  const { roster } = prefixedRoster({ schools: 2, students: 12 });
  const profile = await client.createProfile({ displayName: 'Profile 14' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const changed = copyOf(roster);
  for (const row of changed.student) row['Last Name'] = 'Changed';
  await client.upload(profile, csvFiles(changed));
  const { id: previewId } = await client.ok<{ id: string }>('POST', `/api/v1/profiles/${profile}/plan`);
  await newest(profile, 'plan', 'held');
  // A start that stops in validation: a file is missing.
  const { ['Teacher.csv']: _, ...less } = csvFiles(changed);
  await client.upload(profile, less);
  assert.equal((await client.start(profile)).status, 400);
  await rollbook.rows(
    `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$`,
  );
  await rollbook.rows(
    `create trigger slow after update on person for each statement execute function slow()`,
  );
  await client.ok('POST', `/api/v1/runs/${previewId}/approve`);
  await wait(700);
  await client.call('POST', `${PROFILES}/${profile}/pause`);
  await newest(profile, 'plan', 'suspended');
  await rollbook.rows('drop trigger slow on person');
  await rollbook.rows('drop function slow');
  const resumed = await client.call('POST', `${PROFILES}/${profile}/resume`);
  assert.equal(resumed.status, 200);
  await newest(profile, 'plan', 'completed');
});
