/** What a part of a plan that waits does not hold, and what an approval or a rejection does not do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { importAccounts } from '#test/helpers/accounts.ts';
import { ownRoster } from '#test/helpers/own-roster.ts';
import { runBecomes } from '#test/helpers/run-becomes.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
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
  const prefix = `v${(made += 1)}-`;
  return { prefix, roster: ownRoster(prefix, size) };
}

/** All pupils of the school leave. */
function without(roster: SmallRoster, school: string): SmallRoster {
  const copy = copyOf(roster);
  const keep = (row: Record<string, string>): boolean => !String(row['SIS ID']).startsWith(`${school}P`);
  copy.student.splice(0, Infinity, ...copy.student.filter(keep));
  copy.studentenrollment.splice(0, Infinity, ...copy.studentenrollment.filter(keep));
  return copy;
}

/** So many more pupils in a school, each in its first class. */
function more(roster: SmallRoster, school: string, count: number): void {
  for (let n = 1; n <= count; n += 1) {
    const id = `${school}N${n}`;
    roster.student.push({
      ...roster.student[0],
      'SIS ID': id,
      'School SIS ID': school,
      Username: id.toLowerCase(),
    });
    roster.studentenrollment.push({ 'Section SIS ID': `${school}C1`, 'SIS ID': id });
  }
}

const latestRunId = async (profile: string): Promise<string> => (await client.latestRun(profile)).id;

test('pupils of a held school who are known in another school as well keep their accounts', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 12, students: 40 });
  // Ten pupils of S2 have a role in S1, too.
  for (const row of roster.student.filter((r) => r['School SIS ID'] === `${prefix}S2`).slice(0, 10))
    roster.student.push({ ...row, 'School SIS ID': `${prefix}S1` });
  const profile = await client.createProfile({ displayName: 'Profile 1' });
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'success', first.statusMessage);
  const held = await client.sync(profile, csvFiles(without(roster, `${prefix}S2`)));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const [people] = await rollbook.rows(
    `select count(*)::int as people, count(*) filter (where p.active)::int as active, count(*) filter (where a.enabled)::int as enabled,
            count(*) filter (where p.active or not exists (select from enrollment e where e.person_id = p.id and e.active))::int as consistent
       from person p join account a on a.person_id = p.id where p.student_external_id like $1`,
    [`${prefix}S2P%`],
  );
  assert.deepEqual(people, { people: 40, active: 40, enabled: 40, consistent: 40 });
});

test('who gets the user name of a pupil who is renamed in a held school waits with that school', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 12, students: 40 });
  const profile = await client.createProfile({ displayName: 'Names' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const next = without(roster, `${prefix}S2`);
  const giver = roster.student.find((row) => row['School SIS ID'] === `${prefix}S2`);
  const taker = roster.student.find((row) => row['School SIS ID'] === `${prefix}S1`);
  assert.ok(giver !== undefined && taker !== undefined);
  const [given, handedOn] = [String(giver['Username']), String(taker['Username'])];
  next.student.push({ ...giver, Username: `${prefix}other` });
  for (const row of next.student) if (row['SIS ID'] === taker['SIS ID']) row['Username'] = given;
  more(next, `${prefix}S3`, 1);
  for (const row of next.student) if (String(row['SIS ID']).endsWith('N1')) row['Username'] = handedOn;

  const held = await client.sync(profile, csvFiles(next));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const run = await latestRunId(profile);
  const refused = async (): Promise<unknown> =>
    rollbook.rows('select code from plan_item_failure where run_id = $1', [run]);
  assert.deepEqual(await refused(), [], 'nobody was tried for whom the name is not free');
  await client.ok('POST', `/api/v1/runs/${run}/approve`, { schools: [`${prefix}S2`] });
  await runBecomes(client, run, ['completed']);
  assert.deepEqual(await refused(), []);
  const names = await rollbook.rows(
    `select p.student_external_id as id, split_part(a.user_name, '@', 1) as name from person p join account a on a.person_id = p.id
      where p.student_external_id = any($1) order by 1`,
    [[giver['SIS ID'], taker['SIS ID'], `${prefix}S3N1`]],
  );
  assert.deepEqual(
    names,
    [
      { id: taker['SIS ID'], name: given },
      { id: giver['SIS ID'], name: `${prefix}other` },
      { id: `${prefix}S3N1`, name: handedOn },
    ].map(({ id, name }) => ({ id, name: name.toLowerCase() })),
  );
});

test('a school that has another id is asked about before its classes go', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 5, students: 20 });
  const profile = await client.createProfile({ displayName: 'Profile 2' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const renamed = copyOf(roster);
  for (const rows of [renamed.school, renamed.section, renamed.student, renamed.teacher])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID'])
        if (row[column] === `${prefix}S1`) row[column] = `${prefix}NEW`;
  const held = await client.sync(profile, csvFiles(renamed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const where = await rollbook.rows(
    `select o.external_id as school, count(*)::int as classes from class c join org o on o.id = c.org_id
      where c.external_id like $1 group by 1`,
    [`${prefix}S1C%`],
  );
  assert.deepEqual(
    where,
    [{ school: `${prefix}S1`, classes: 3 }],
    'the school waits, and its classes with it',
  );
});

test('all classes of a school go to a school that is new: asked, as for a school that is known', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 5, sections: 20, students: 20 });
  const profile = await client.createProfile({ displayName: 'Profile 2b' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const moved = copyOf(roster);
  moved.school.push({ 'SIS ID': `${prefix}NEW`, Name: 'New', City: 'Contoso' });
  for (const row of moved.section)
    if (row['School SIS ID'] === `${prefix}S1`) row['School SIS ID'] = `${prefix}NEW`;
  const known = copyOf(roster);
  for (const row of known.section)
    if (row['School SIS ID'] === `${prefix}S1`) row['School SIS ID'] = `${prefix}S2`;
  const toKnown = await client.sync(profile, csvFiles(known));
  assert.equal(toKnown.status, 'validationError');
  await client.ok('POST', `/api/v1/runs/${await latestRunId(profile)}/reject`, {});
  await client.settled(profile);
  const toNew = await client.sync(profile, csvFiles(moved));
  assert.equal(toNew.status, 'validationError');
});

test('two schools approved one after the other: what needs both is there at the end', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 6, students: 40 });
  const profile = await client.createProfile({ displayName: 'Profile 3' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const changed = without(roster, `${prefix}S1`);
  more(changed, `${prefix}S2`, 35);
  // A new pupil of S2 has a class in S1, too.
  changed.studentenrollment.push({ 'Section SIS ID': `${prefix}S1C1`, 'SIS ID': `${prefix}S2N1` });
  const held = await client.sync(profile, csvFiles(changed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/approve`, { schools: [`${prefix}S1`] });
  await runBecomes(client, runId, ['held']);
  await client.settled(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/approve`, { schools: [`${prefix}S2`] });
  await runBecomes(client, runId, ['completed']);
  const status = await client.settled(profile);
  const places = await rollbook.rows(
    `select c.external_id as class from enrollment e join class c on c.id = e.class_id join person p on p.id = e.person_id
      where e.active and p.student_external_id = $1 order by 1`,
    [`${prefix}S2N1`],
  );
  assert.deepEqual(
    places,
    [{ class: `${prefix}S1C1` }, { class: `${prefix}S2C1` }],
    `the status says ${status.status}`,
  );
});

test('what was rejected does not come in by a retry', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 6, students: 40 });
  const profile = await client.createProfile({ displayName: 'Profile 4' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const changed = copyOf(roster);
  more(changed, `${prefix}S2`, 35);
  const taken = `${prefix}s2n1@students.contoso.example`.toLowerCase();
  await importAccounts(rollbook, [{ Username: taken }]);
  const held = await client.sync(profile, csvFiles(changed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/reject`, { note: 'An accident' });
  await runBecomes(client, runId, ['completed']);
  await client.settled(profile);
  const pupils = (): Promise<Record<string, unknown>[]> =>
    rollbook.rows(
      `select p.student_external_id as pupil, (select count(*)::int from enrollment e where e.person_id = p.id and e.active) as places
         from person p where p.student_external_id like $1 and p.active`,
      [`${prefix}S2N%`],
    );
  assert.deepEqual(await pupils(), []);
  await rollbook.rows(`update account set user_name = 'x' || user_name where lower(user_name) = $1`, [taken]);
  await rollbook.rows(
    `update escrow set first_at = first_at - interval '13 hours', last_at = last_at - interval '13 hours',
            next_attempt_at = next_attempt_at - interval '13 hours' where profile_id = $1`,
    [profile],
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await client.settled(profile);
  assert.deepEqual(await pupils(), [], 'the school was rejected');
});

test('the same short file, rejected yesterday, asks again', async () => {
  const { roster } = prefixedRoster({ schools: 3, students: 40 });
  const profile = await client.createProfile({ displayName: 'Profile 5' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { applyPolicy: 'atOnce' });
  const short = copyOf(roster);
  short.studentenrollment.length = 140;
  assert.equal((await client.sync(profile, csvFiles(short))).status, 'validationError');
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/reject`, { note: 'The export is cut off' });
  await runBecomes(client, runId, ['completed']);
  await client.settled(profile);
  await rollbook.rows(`update upload set sealed_at = sealed_at - interval '24 hours' where profile_id = $1`, [
    profile,
  ]);
  const again = await client.sync(profile, csvFiles(short));
  assert.equal(again.status, 'validationError');
});

test('a profile that takes over what a deleted one left: a loss in two halves is one loss', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 6, students: 40 });
  const old = await client.createProfile({ displayName: 'Profile 6' });
  assert.equal((await client.sync(old, csvFiles(roster))).status, 'success');
  await client.ok('DELETE', `${PROFILES}/${old}`);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { status } = await client.call('GET', `${PROFILES}/${old}`);
    if (status === 404) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const profile = await client.createProfile({ displayName: 'Profile 6' });
  const lose = (from: SmallRoster, count: number): SmallRoster => {
    const gone = new Set(
      from.student
        .map((row) => String(row['SIS ID']))
        .filter((id) => id.startsWith(`${prefix}S1P`))
        .slice(0, count),
    );
    const copy = copyOf(from);
    const keep = (row: Record<string, string>): boolean => !gone.has(String(row['SIS ID']));
    copy.student.splice(0, Infinity, ...copy.student.filter(keep));
    copy.studentenrollment.splice(0, Infinity, ...copy.studentenrollment.filter(keep));
    return copy;
  };
  const first = lose(roster, 12);
  const one = await client.sync(profile, csvFiles(first));
  assert.equal(one.status, 'success', one.statusMessage);
  const two = await client.sync(profile, csvFiles(lose(first, 12)));
  assert.equal(two.status, 'validationError');
});

test('a school is approved, its pupils who go to a school that still waits are not put out meanwhile', async () => {
  const { roster, prefix } = prefixedRoster({ schools: 6, students: 40 });
  const profile = await client.createProfile({ displayName: 'Profile 12' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const changed = copyOf(roster);
  // Twenty leave S1; five more go from S1 to S2, which has 35 new ones.
  const of = (n: number): string => `${prefix}S1P${n}`;
  const gone = new Set(Array.from({ length: 20 }, (_, n) => of(n + 1)));
  const going = new Set(Array.from({ length: 5 }, (_, n) => of(n + 21)));
  changed.student.splice(0, Infinity, ...changed.student.filter((row) => !gone.has(String(row['SIS ID']))));
  for (const row of changed.student)
    if (going.has(String(row['SIS ID']))) row['School SIS ID'] = `${prefix}S2`;
  changed.studentenrollment.splice(
    0,
    Infinity,
    ...changed.studentenrollment.filter(
      (row) => !gone.has(String(row['SIS ID'])) && !going.has(String(row['SIS ID'])),
    ),
  );
  for (const id of going) changed.studentenrollment.push({ 'Section SIS ID': `${prefix}S2C1`, 'SIS ID': id });
  more(changed, `${prefix}S2`, 35);
  const held = await client.sync(profile, csvFiles(changed));
  assert.equal(held.status, 'validationError', held.statusMessage);
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/approve`, { schools: [`${prefix}S1`] });
  await runBecomes(client, runId, ['held']);
  await client.settled(profile);
  const places = `select count(*)::int as pupils, count(*) filter (where exists (select from role r where r.person_id = p.id and r.active))::int as in_school,
      count(*) filter (where exists (select from enrollment e where e.person_id = p.id and e.active))::int as in_class
    from person p where p.student_external_id = any($1)`;
  assert.deepEqual(await rollbook.rows(places, [[...going]]), [{ pupils: 5, in_school: 5, in_class: 5 }]);
  assert.deepEqual(
    await rollbook.rows(
      'select count(*)::int as n from person p where active and p.student_external_id = any($1)',
      [[...gone]],
    ),
    [{ n: 0 }],
  );
  await client.ok('POST', `/api/v1/runs/${runId}/approve`, { schools: [`${prefix}S2`] });
  await runBecomes(client, runId, ['completed']);
  await client.settled(profile);
  await client.sync(profile, csvFiles(changed));
  const { changesOf } = await import('#test/helpers/sync-client.ts');
  assert.deepEqual(await changesOf(client, profile), {}, 'all of it was made');
});
