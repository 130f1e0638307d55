/** Preview, approval, rejection, breakers by school: docs/spec/run-lifecycle.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant, planning } from '#storage/database.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05 });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
/** A roster whose ids and user names no other test of this file uses; schools are `<prefix>S1`, ... */
function ownRoster(size: Parameters<typeof smallRoster>[0] = {}): { roster: SmallRoster; prefix: string } {
  const prefix = `p${++made}-`;
  const roster = smallRoster(size);
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  return { roster, prefix };
}

const dump = (): Promise<string[]> => dumpDirectory(rollbook.db, rollbook.tenantId);

interface Plan {
  readonly runId: string;
  readonly planHash: string;
  readonly state: string;
  readonly stale: boolean;
  readonly itemCount: number;
  readonly verdict: { outcome: string; reasons: { code: string; school?: string; message: string }[] };
  readonly certificate: { complete: boolean; files: { file: string; proof: string | null }[] };
  readonly schools: { value: { school: string; name: string; items: number; held: number }[] };
  readonly holds: { scope: string; id: string; itemCount: number; decision: string | null }[];
}

/** Makes a preview and waits until it is ready. */
async function preview(profile: string): Promise<Plan> {
  const run = await client.ok<{ id: string }>('POST', `/api/v1/profiles/${profile}/plan`);
  await waitFor(run.id, ['held']);
  return client.ok<Plan>('GET', `/api/v1/runs/${run.id}/plan`);
}

async function waitFor(runId: string, states: readonly string[]): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const run = await client.ok<Record<string, unknown>>('GET', `/api/v1/runs/${runId}`);
    if (states.includes(String(run['state']))) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`run ${runId} does not become ${states.join(' or ')}`);
}

async function latestRunId(profile: string): Promise<string> {
  const { value } = await client.ok<{ value: { id: string }[] }>('GET', `/api/v1/profiles/${profile}/runs`);
  return String(value[0]?.id);
}

/** All pupils of the school leave, or nearly all. */
function without(roster: SmallRoster, school: string): SmallRoster {
  const copy = copyOf(roster);
  const keep = (row: Record<string, string>): boolean => !String(row['SIS ID']).startsWith(`${school}P`);
  copy.student.splice(0, Infinity, ...copy.student.filter(keep));
  copy.studentenrollment.splice(0, Infinity, ...copy.studentenrollment.filter(keep));
  return copy;
}

test('a preview changes nothing, not even the status; its approval applies exactly that plan', async () => {
  const { roster, prefix } = ownRoster({ schools: 2, students: 8 });
  const profile = await client.createProfile({ displayName: 'Preview' });
  await client.upload(profile, csvFiles(roster));
  const statusBefore = await client.status(profile);
  const directoryBefore = await dump();
  const plan = await preview(profile);
  assert.equal(plan.verdict.outcome, 'clean');
  assert.ok(plan.certificate.complete);
  assert.deepEqual(
    plan.schools.value.filter(({ school }) => school !== '').map(({ school, name }) => [school, name]),
    [
      [`${prefix}S1`, 'School 1'],
      [`${prefix}S2`, 'School 2'],
    ],
  );
  assert.deepEqual(await client.status(profile), statusBefore, 'a preview never changes the status');
  assert.deepEqual(await dump(), directoryBefore, 'a preview writes nothing');

  const items = await client.ok<{ value: Record<string, unknown>[]; '@odata.nextLink'?: string }>(
    'GET',
    `/api/v1/runs/${plan.runId}/plan/items?kind=student&school=${prefix}S1&$top=5`,
  );
  assert.equal(items.value.length, 5);
  assert.ok(items['@odata.nextLink']);
  for (const item of items.value) {
    assert.equal(item['action'], 'create');
    assert.equal(item['reason'], 'newInSource');
    assert.equal(item['state'], 'planned');
    assert.equal(item['before'], null);
    assert.ok(item['after'] && item['file'] === 'student.csv' && Number(item['line']) > 1);
    assert.ok(!JSON.stringify(item).includes('Start#2026'), 'no initial password in a preview');
  }

  const otherHash = await client.call('POST', `/api/v1/runs/${plan.runId}/approve`, { planHash: 'another' });
  assert.equal(otherHash.status, 409);
  const approved = await client.ok<{ id: string }>('POST', `/api/v1/runs/${plan.runId}/approve`, {
    planHash: plan.planHash,
    note: 'Looked at',
  });
  assert.equal(approved.id, plan.runId);
  const run = await waitFor(plan.runId, ['completed']);
  assert.equal(run['acceptedBy'], rollbook.clientId);
  assert.equal((await client.status(profile)).status, 'success');
  // The preview equals the run: the same files change nothing more.
  await client.sync(profile, csvFiles(roster));
  assert.deepEqual(await changesOf(client, profile), {});
});

test('planning cannot write the directory', async () => {
  const write = inTenant(rollbook.db, rollbook.tenantId, (tx) =>
    planning(tx, () => tx.query(`update person set display_name = 'x'`)),
  );
  await assert.rejects(write, /row-level security/u);
  const insert = inTenant(rollbook.db, rollbook.tenantId, (tx) =>
    planning(tx, () =>
      tx.query(
        `insert into course (tenant_id, id, display_name, change_seq) values (current_tenant(), gen_random_uuid(), 'x', 1)`,
      ),
    ),
  );
  await assert.rejects(insert, /row-level security/u);
  const removal = inTenant(rollbook.db, rollbook.tenantId, (tx) =>
    planning(tx, () => tx.query('delete from enrollment')),
  );
  await assert.rejects(removal, /permission denied/u);
});

test('two approvals at once: one wins, the other is told; a rejected plan is over', async () => {
  const { roster } = ownRoster();
  const profile = await client.createProfile({ displayName: 'Approvals' });
  await client.upload(profile, csvFiles(roster));
  const plan = await preview(profile);
  const answers = await Promise.all(
    [1, 2].map((n) => client.call('POST', `/api/v1/runs/${plan.runId}/approve`, { note: `number ${n}` })),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 409]));
  const late = answers.find(({ status }) => status === 409);
  assert.match(
    JSON.stringify(late?.body),
    /Nothing waits for a decision any more: \S+ let the run go on at \S+Z, and it is /u,
  );
  await waitFor(plan.runId, ['completed']);

  const before = await dump();
  const changed = copyOf(roster);
  changed.student[0] = { ...changed.student[0], 'Last Name': 'Other' };
  await client.upload(profile, csvFiles(changed));
  const second = await preview(profile);
  const rejected = await client.ok<{ state: string; message: string }>(
    'POST',
    `/api/v1/runs/${second.runId}/reject`,
    { note: 'Wrong term' },
  );
  assert.equal(rejected.state, 'rejected');
  assert.match(rejected.message, /Wrong term/u);
  assert.equal((await client.call('POST', `/api/v1/runs/${second.runId}/approve`)).status, 409);
  assert.deepEqual(await dump(), before);
});

test('a plan is stale once another run has changed the directory', async () => {
  const { roster } = ownRoster();
  const profile = await client.createProfile({ displayName: 'Stale' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const one = copyOf(roster);
  one.student[0] = { ...one.student[0], 'Last Name': 'One' };
  await client.upload(profile, csvFiles(one));
  const plan = await preview(profile);
  const two = copyOf(roster);
  two.student[1] = { ...two.student[1], 'Last Name': 'Two' };
  assert.equal((await client.sync(profile, csvFiles(two))).status, 'success');
  const before = await dump();
  assert.ok((await client.ok<Plan>('GET', `/api/v1/runs/${plan.runId}/plan`)).stale);
  const refused = await client.call('POST', `/api/v1/runs/${plan.runId}/approve`);
  assert.equal(refused.status, 409);
  assert.match(JSON.stringify(refused.body), /stale/u);
  assert.deepEqual(await dump(), before);
});

test('a breaker holds its school alone: the rest is applied, approval lets the school go on', async () => {
  const { roster, prefix } = ownRoster({ schools: 5, students: 40 });
  const profile = await client.createProfile({ displayName: 'One school' });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const school = `${prefix}S2`;
  const broken = without(roster, school);
  broken.student[0] = { ...broken.student[0], 'Last Name': 'Changed' };
  const held = await client.sync(profile, csvFiles(broken));
  assert.equal(held.status, 'validationError', held.statusMessage);
  assert.match(
    held.statusMessage,
    new RegExp(`school ${school} \\(School 2\\): 40 of 40 students would end`, 'iu'),
  );
  assert.match(held.statusMessage, /rest of the plan was applied/u);
  const runId = await latestRunId(profile);
  const plan = await client.ok<Plan>('GET', `/api/v1/runs/${runId}/plan`);
  const active = async (): Promise<unknown> =>
    rollbook.rows(
      `select count(*) filter (where active)::int as people from person where student_external_id like $1`,
      [`${school}P%`],
    );
  assert.deepEqual(await active(), [{ people: 40 }], 'nobody of the held school left');
  assert.deepEqual(
    await rollbook.rows('select surname from person where student_external_id = $1', [`${prefix}S1P1`]),
    [{ surname: 'Changed' }],
    'the rest is applied',
  );
  assert.ok(plan.holds.some(({ scope, id }) => scope === 'school' && id === school));

  const unknown = await client.call('POST', `/api/v1/runs/${runId}/approve`, { schools: [`${prefix}S9`] });
  assert.equal(unknown.status, 400);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.deepEqual(await active(), [{ people: 0 }]);
  const run = await client.ok<{ state: string; counts: { kinds: Record<string, Record<string, number>> } }>(
    'GET',
    `/api/v1/runs/${runId}`,
  );
  assert.equal(run.state, 'completed');
  assert.equal(run.counts.kinds['student']?.['ended'], 40);
  assert.equal(run.counts.kinds['student']?.['held'], 0);
  await client.sync(profile, csvFiles(broken));
  assert.deepEqual(await changesOf(client, profile), {}, 'nothing is left over');
});

test('a held school that is rejected stays as it is; the run ends', async () => {
  const { roster, prefix } = ownRoster({ schools: 5, students: 40 });
  const profile = await client.createProfile({ displayName: 'Rejected school' });
  await client.sync(profile, csvFiles(roster));
  const before = await dump();
  assert.equal(
    (await client.sync(profile, csvFiles(without(roster, `${prefix}S3`)))).status,
    'validationError',
  );
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/reject`, { note: 'The export lacks a school' });
  const run = await waitFor(runId, ['completed']);
  assert.match(String(run['message']), /rejected/u);
  const status = await client.settled(profile);
  assert.equal(status.status, 'success', status.statusMessage);
  assert.deepEqual(await dump(), before);
});

test('schools are decided one by one, and the message says what still waits', async () => {
  const { roster, prefix } = ownRoster({ schools: 6, students: 40 });
  const profile = await client.createProfile({ displayName: 'One by one' });
  await client.sync(profile, csvFiles(roster));
  const two = without(without(roster, `${prefix}S1`), `${prefix}S2`);
  const held = await client.sync(profile, csvFiles(two));
  assert.match(held.statusMessage, /School 1/u);
  assert.match(held.statusMessage, /School 2/u);
  const runId = await latestRunId(profile);
  await client.ok('POST', `/api/v1/runs/${runId}/reject`, { schools: [`${prefix}S1`] });
  const { statusMessage } = await client.status(profile);
  assert.doesNotMatch(statusMessage, /School 1/u);
  assert.match(statusMessage, /School 2/u);
  await client.ok('POST', `/api/v1/runs/${runId}/approve`);
  const run = await waitFor(runId, ['completed']);
  assert.match(String(run['message']), new RegExp(`school ${prefix}S1.*rejected`, 'u'));
  const active = await rollbook.rows(
    `select count(*) filter (where student_external_id like $1)::int as first, count(*) filter (where student_external_id like $2)::int as second
       from person where active`,
    [`${prefix}S1P%`, `${prefix}S2P%`],
  );
  assert.deepEqual(active, [{ first: 40, second: 0 }]);
});

test('two uploads count as one: a loss in two halves does not get round a breaker', async () => {
  const { roster, prefix } = ownRoster({ schools: 6, students: 40 });
  const profile = await client.createProfile({ displayName: 'Halves' });
  await client.sync(profile, csvFiles(roster));
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
  assert.equal(
    (await client.sync(profile, csvFiles(first))).status,
    'success',
    '12 of 40 are below the count',
  );
  const second = lose(first, 12);
  const held = await client.sync(profile, csvFiles(second));
  assert.equal(held.status, 'validationError');
  assert.match(
    held.statusMessage,
    /12 of 40 students would end, 24 with those of the last days; the limit is 15/u,
  );
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  const third = lose(second, 8);
  assert.equal(
    (await client.sync(profile, csvFiles(third))).status,
    'success',
    'what was accepted counts no more',
  );
});

test('always ask and at once: the policy of the profile', async () => {
  const { roster, prefix } = ownRoster({ schools: 4, students: 20 });
  const profile = await client.createProfile({ displayName: 'Policies' });
  const settings = `/api/v1/profiles/${profile}/settings`;
  await client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk' });
  const asked = await client.sync(profile, csvFiles(roster));
  assert.equal(asked.status, 'paused', asked.statusMessage);
  assert.match(asked.statusMessage, /always asks/u);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  await client.ok('PATCH', settings, { applyPolicy: 'atOnce' });
  const less = without(roster, `${prefix}S1`);
  const atOnce = await client.sync(profile, csvFiles(less));
  const { verdict, holds, certificate } = await client.ok<Plan>(
    'GET',
    `/api/v1/runs/${await latestRunId(profile)}/plan`,
  );
  assert.ok(
    verdict.reasons.some(({ code }) => code === 'tooManyEndings'),
    'it is told all the same',
  );
  const people = await rollbook.rows(
    'select count(*) filter (where active)::int as active from person where student_external_id like $1',
    [`${prefix}S1P%`],
  );
  assert.deepEqual(people, [{ active: 0 }], 'the breaker holds nothing');
  // 120 of 160 rows: nothing proves that the file is whole, and what is not proven never ends by itself.
  assert.equal(atOnce.status, 'validationError');
  assert.deepEqual(
    holds.map(({ scope, id }) => [scope, id]),
    [['absence', 'studentenrollment.csv']],
  );
  assert.equal(certificate.files.find(({ file }) => file === 'studentenrollment.csv')?.proof, null);
});

/** A window that lasts from the day before yesterday to the day after tomorrow. */
function aroundToday(): { from: string; to: string } {
  const day = (offset: number): string =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  return { from: day(-2), to: day(2) };
}

test('an adds-only window puts endings off, without a question; they are made when it is over', async () => {
  const { roster, prefix } = ownRoster({ schools: 2, students: 10 });
  const profile = await client.createProfile({ displayName: 'Adds only' });
  await client.sync(profile, csvFiles(roster));
  const settings = `/api/v1/profiles/${profile}/settings`;
  await client.ok('PATCH', settings, { schedule: { addsOnly: [aroundToday()] } });
  const changed = copyOf(roster);
  const [left] = changed.student.splice(0, 1);
  const gone = String(left?.['SIS ID']);
  changed.studentenrollment.splice(
    0,
    Infinity,
    ...changed.studentenrollment.filter((row) => row['SIS ID'] !== gone),
  );
  changed.student.push({ ...changed.student[0], 'SIS ID': `${prefix}new`, Username: `${prefix}new` });
  const status = await client.sync(profile, csvFiles(changed));
  assert.equal(status.status, 'success', status.statusMessage);
  const active = async (id: string): Promise<unknown> =>
    (await rollbook.rows('select active from person where student_external_id = $1', [id]))[0]?.['active'];
  assert.deepEqual(
    [await active(gone), await active(`${prefix}new`)],
    [true, true],
    'nobody leaves in the window',
  );
  await client.ok('PATCH', settings, { schedule: null });
  for (let attempt = 0; attempt < 600 && (await active(gone)) === true; attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await active(gone), false, 'the window is over');
  assert.equal((await client.settled(profile)).status, 'success');
  const { value } = await client.ok<{ value: { trigger: string }[] }>(
    'GET',
    `/api/v1/profiles/${profile}/runs`,
  );
  assert.equal(value[0]?.trigger, 'catchUp');
  await client.sync(profile, csvFiles(changed));
  assert.deepEqual(await changesOf(client, profile), {});
});

test('in an adds-only window an approval is about endings, too: they are made at once, and asked for once', async () => {
  const { roster, prefix } = ownRoster({ schools: 2, students: 10 });
  const profile = await client.createProfile({ displayName: 'Approved in a window' });
  await client.sync(profile, csvFiles(roster));
  const settings = `/api/v1/profiles/${profile}/settings`;
  await client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk', schedule: { addsOnly: [aroundToday()] } });
  const gone = `${prefix}S1P1`;
  const changed = copyOf(roster);
  for (const rows of [changed.student, changed.studentenrollment])
    rows.splice(0, Infinity, ...rows.filter((row) => row['SIS ID'] !== gone));
  assert.equal((await client.sync(profile, csvFiles(changed))).status, 'paused');
  const heldId = await latestRunId(profile);
  assert.equal((await client.call('POST', `/api/v1/runs/${heldId}/approve`)).status, 200);
  const status = await client.settled(profile);
  assert.equal(status.status, 'success', status.statusMessage);
  assert.deepEqual(await rollbook.rows('select active from person where student_external_id = $1', [gone]), [
    { active: false },
  ]);
  await client.ok('PATCH', settings, { schedule: null });
  const again = await client.sync(profile, csvFiles(changed));
  assert.equal(again.status, 'success', again.statusMessage);
  assert.deepEqual(await changesOf(client, profile), {}, 'there is nothing left to ask for');
  const { value } = await client.ok<{ value: { trigger: string }[] }>(
    'GET',
    `/api/v1/profiles/${profile}/runs`,
  );
  assert.deepEqual(
    value.map(({ trigger }) => trigger),
    ['start', 'start', 'start'],
  );
});

test('what a plan says can be downloaded, and is no formula', async () => {
  const { roster } = ownRoster({ schools: 1, students: 3 });
  roster.student[0] = { ...roster.student[0], 'First Name': '=1+1', 'Last Name': '@SUM(A1)' };
  const profile = await client.createProfile({ displayName: 'Download' });
  await client.upload(profile, csvFiles(roster));
  const plan = await preview(profile);
  const csv = await rollbook.api(`/api/v1/runs/${plan.runId}/plan/items.csv`);
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8');
  const lines = (await csv.text()).trimEnd().split('\r\n');
  assert.equal(lines.length, plan.itemCount + 1);
  for (const line of lines) assert.doesNotMatch(line, /(?:^|,)"?[=@]/u);
  const jsonl = await (await rollbook.api(`/api/v1/runs/${plan.runId}/plan/items.jsonl?kind=student`)).text();
  assert.equal(jsonl.trimEnd().split('\n').length, 3);
});

test('wrong requests are refused with what is wrong', async () => {
  const profile = await client.createProfile({ displayName: 'Wrong' });
  const none = await client.call('POST', `/api/v1/profiles/${profile}/plan`);
  assert.equal(none.status, 400);
  assert.match(JSON.stringify(none.body), /upload/u);
  await client.upload(profile, csvFiles(ownRoster().roster));
  const { runId } = await preview(profile);
  for (const [path, status] of [
    [`/api/v1/runs/${runId}/plan/items?$top=-1`, 400],
    [`/api/v1/runs/${runId}/plan/items?kind=pupil`, 400],
    [`/api/v1/runs/${runId}/plan/items?color=red`, 400],
    [`/api/v1/runs/${runId}/plan/items?$skiptoken=AAAA`, 400],
    ['/api/v1/runs/none/plan', 404],
    ['/api/v1/runs/00000000-0000-7000-8000-000000000000/plan/items.csv', 404],
  ] as const)
    assert.equal((await client.call('GET', path)).status, status, path);
  for (const [path, body, status] of [
    [`/api/v1/runs/${runId}/approve`, { schools: ['S1'] }, 400],
    [`/api/v1/runs/${runId}/approve`, { note: 1 }, 400],
    [`/api/v1/runs/${runId}/approve`, { force: true }, 400],
    ['/api/v1/runs/00000000-0000-7000-8000-000000000000/approve', {}, 404],
    [`${PROFILES}/${profile}/resume`, undefined, 409],
  ] as const)
    assert.equal((await client.call('POST', path, body)).status, status, `${path} ${JSON.stringify(body)}`);
});

test('a newer preview does not stand in the way: of a retry, of an approval, of what is held', async () => {
  const { roster, prefix } = ownRoster({ schools: 5, students: 40 });
  const profile = await client.createProfile({ displayName: 'Previews between' });
  await client.sync(profile, csvFiles(roster));
  const broken = without(roster, `${prefix}S2`);
  assert.equal((await client.sync(profile, csvFiles(broken))).status, 'validationError');
  const heldId = await latestRunId(profile);
  await client.upload(profile, csvFiles(roster));
  const plan = await preview(profile);
  assert.equal((await client.status(profile)).status, 'validationError', 'the preview changes nothing of it');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  const held = await client.ok<{
    state: string;
    certificate: { complete: boolean; files: { proof: string }[] };
  }>('GET', `/api/v1/runs/${heldId}`);
  assert.equal(held.state, 'completed');
  assert.ok(held.certificate.complete, 'what was accepted needs no other proof');
  assert.ok(held.certificate.files.some(({ proof }) => proof === 'accepted'));
  const { stale } = await client.ok<Plan>('GET', `/api/v1/runs/${plan.runId}/plan`);
  assert.ok(stale, 'the school is gone since the plan was made');
  assert.equal((await client.call('POST', `/api/v1/runs/${plan.runId}/approve`)).status, 409);
});
