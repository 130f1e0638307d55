/** Users with two records, and what is in escrow, while parts of a plan wait or a profile expired. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { ownRoster } from '#test/helpers/own-roster.ts';
import { runBecomes } from '#test/helpers/run-becomes.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { toV21Format } from '#test/helpers/other-formats.ts';
import { copyOf, csvFiles, type SmallRoster, type smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05, engine: { retrySweepSeconds: 0.05 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
function prefixedRoster(size: Parameters<typeof smallRoster>[0] = {}): {
  roster: SmallRoster;
  prefix: string;
} {
  const prefix = `w${(made += 1)}-`;
  return { prefix, roster: ownRoster(prefix, size) };
}
const v21 = (roster: SmallRoster): Record<string, string> => toV21Format(csvFiles(roster));

test('a user who is a student of a held school and staff of another: the approved change is made', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 5, students: 40 });
  const both = `${prefix}S1P1`;
  const pupil = roster.student[0] ?? {};
  roster.teacher.push({ ...pupil, 'School SIS ID': `${prefix}S2` });
  roster.teacherroster.push({ 'Section SIS ID': `${prefix}S2C1`, 'SIS ID': both });
  const profile = await client.createProfile({ displayName: 'Profile 7' });
  const first = await client.sync(profile, v21(roster));
  assert.equal(first.status, 'success', first.statusMessage);
  const changed = copyOf(roster);
  for (const row of [...changed.student, ...changed.teacher])
    if (row['School SIS ID'] === `${prefix}S1` || row['SIS ID'] === both) row['Last Name'] = 'Changed';
  const held = await client.sync(profile, v21(changed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const { id } = await client.latestRun(profile);
  await client.ok('POST', `/api/v1/runs/${id}/approve`, { schools: [`${prefix}S1`] });
  await runBecomes(client, id, ['completed']);
  const status = await client.settled(profile);
  const [person] = await rollbook.rows(`select surname from person where student_external_id = $1`, [both]);
  assert.deepEqual([status.status, person], ['success', { surname: 'Changed' }]);
});

test('a student who becomes staff of a held school is not put out meanwhile', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 12, students: 40 });
  const profile = await client.createProfile({ displayName: 'Profile 8' });
  assert.equal((await client.sync(profile, v21(roster))).status, 'success');
  const changed = copyOf(roster);
  const who = `${prefix}S1P1`;
  const index = changed.student.findIndex((row) => row['SIS ID'] === who);
  const [pupil = {}] = changed.student.splice(index, 1);
  changed.studentenrollment.splice(
    0,
    Infinity,
    ...changed.studentenrollment.filter((row) => row['SIS ID'] !== who),
  );
  changed.teacher.push({ ...pupil, 'School SIS ID': `${prefix}S2` });
  changed.teacherroster.push({ 'Section SIS ID': `${prefix}S2C1`, 'SIS ID': who });
  // S2 is held for another reason.
  changed.student.splice(
    0,
    Infinity,
    ...changed.student.filter((row) => !String(row['SIS ID']).startsWith(`${prefix}S2P`)),
  );
  changed.studentenrollment.splice(
    0,
    Infinity,
    ...changed.studentenrollment.filter((row) => !String(row['SIS ID']).startsWith(`${prefix}S2P`)),
  );
  const held = await client.sync(profile, v21(changed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const [person] = await rollbook.rows(
    `select p.active, a.enabled, (select count(*)::int from role r where r.person_id = p.id and r.active) as roles
       from person p join account a on a.person_id = p.id where lower(a.user_name) like $1`,
    [`${who.toLowerCase()}@%`],
  );
  assert.deepEqual(person, { active: true, enabled: true, roles: 1 });
});

test('what is in escrow is tried again after an expiration was undone and the profile renewed', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 2, sections: 2, students: 4 });
  const profile = await client.createProfile({ displayName: 'Profile 9' });
  const schedule = { onExpiration: 'expireClassesAndEndStudents' };
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { schedule });
  const taken = `${prefix}s1p1@students.contoso.example`.toLowerCase();
  await rollbook.api('/api/v1/users/import', {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: `userPrincipalName,displayName\r\n${taken},Some Body\r\n`,
  });
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'error', first.statusMessage);
  const newest = async (trigger: string, state: string): Promise<string> => {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      const [run] = await rollbook.rows(
        'select id, state from run where profile_id = $1 and trigger = $2 order by created_at desc limit 1',
        [profile, trigger],
      );
      if (run?.['state'] === state) return String(run['id']);
      await wait(50);
    }
    throw new Error(`no ${trigger} is ${state}`);
  };
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2026-06-30' });
  await client.ok('POST', `/api/v1/runs/${await newest('expiration', 'held')}/approve`);
  await newest('expiration', 'completed');
  await client.call('POST', `/api/v1/profiles/${profile}/undo-expiration`, {});
  await client.ok('POST', `/api/v1/runs/${await newest('expirationUndo', 'held')}/approve`);
  await newest('expirationUndo', 'completed');
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2100-01-01' });
  await client.provisioned(profile);
  await rollbook.rows(`update account set user_name = 'x' || user_name where lower(user_name) = $1`, [taken]);
  await rollbook.rows(
    `update escrow set first_at = first_at - interval '7 hours', last_at = last_at - interval '7 hours',
            next_attempt_at = next_attempt_at - interval '7 hours' where profile_id = $1`,
    [profile],
  );
  await wait(3_000);
  await client.settled(profile);
  const runs = await rollbook.rows(
    'select trigger, state from run where profile_id = $1 order by created_at',
    [profile],
  );
  assert.ok(
    runs.some(({ trigger }) => trigger === 'retry'),
    JSON.stringify(runs),
  );
});
