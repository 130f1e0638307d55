/** What was edited by hand stays until its source changes that very property. docs/adr/0015-hand-edits-and-syncs.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles } from '#test/helpers/small-roster.ts';
import { changesOf } from '#test/helpers/sync-client.ts';
import { syncedRoster, type SyncedRoster } from '#test/helpers/synced-roster.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

const changeSeqOf = async (table: string, id: string): Promise<number> =>
  Number(
    (await rollbook.rows(`select change_seq::float8 as seq from ${table} where id = $1`, [id]))[0]?.['seq'],
  );

/** Waits until the run of an expiration is in a state. @returns its id. */
async function expirationIs(profile: string, state: string): Promise<string> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const [run] = await rollbook.rows(
      `select id, state from run where profile_id = $1 and trigger = 'expiration'`,
      [profile],
    );
    if (run?.['state'] === state) return String(run['id']);
    await wait(50);
  }
  throw new Error(`no run of an expiration is ${state}`);
}

/** Reads some properties of an object. */
async function pick(bench: SyncedRoster, path: string, ...names: string[]): Promise<Record<string, unknown>> {
  const object = await bench.read(path);
  assert.ok(object, path);
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

test('a school: unchanged files keep the edit, another property keeps it, the same property ends it', async () => {
  const bench = await syncedRoster(rollbook);
  const school = `schools/${await bench.idOf('org', 'S1')}`;
  const row = bench.row('school', 'S1');
  await bench.edit('PATCH', school, { phone: '999', fax: '7', address: { city: 'Edited' } });
  await bench.syncsChangeNothing();
  row['Name'] = 'Renamed';
  assert.deepEqual(await bench.sync(), { org: { updated: 1 } });
  const address = (city: string) => ({
    city,
    street: null,
    state: null,
    postalCode: null,
    countryOrRegion: null,
  });
  assert.deepEqual(await pick(bench, school, 'displayName', 'phone', 'fax', 'address'), {
    displayName: 'Renamed',
    phone: '999',
    fax: '7',
    address: address('Edited'),
  });
  row['Phone'] = '200';
  await bench.sync();
  assert.deepEqual(await pick(bench, school, 'phone', 'address'), {
    phone: '200',
    address: address('Edited'),
  });
  await bench.syncsChangeNothing();
});

test('a person: names, account, demographics, addresses, the id of the source', async () => {
  const bench = await syncedRoster(rollbook);
  const user = `users/${await bench.idOf('student', 'S1P1')}`;
  const row = bench.row('student', 'S1P1');
  const original = await pick(bench, user, 'userPrincipalName', 'mail', 'displayName');
  const edited = {
    surname: 'Edited',
    displayName: 'Called otherwise',
    userPrincipalName: 'edited@contoso.example',
    student: { externalId: 'mine', birthDate: '2016-06-06', gender: 'other', studentNumber: '77' },
    mailingAddress: { city: 'Elsewhere' },
  };
  await bench.edit('PATCH', user, edited);
  await bench.syncsChangeNothing();
  row['Grade'] = '12';
  row['Mailing Zip'] = '2';
  row['Birthdate'] = '2015-02-02';
  assert.deepEqual(await bench.sync(), { student: { updated: 1 }, role: { updated: 1 } });
  const names = ['surname', 'displayName', 'userPrincipalName', 'mail', 'student', 'mailingAddress'];
  assert.deepEqual(await pick(bench, user, ...names), {
    surname: 'Edited',
    displayName: 'Called otherwise',
    userPrincipalName: 'edited@contoso.example',
    mail: original['mail'],
    student: {
      externalId: 'mine',
      birthDate: '2015-02-02',
      gender: 'other',
      studentNumber: '77',
      grade: '12',
      graduationYear: null,
    },
    mailingAddress: { city: 'Elsewhere', postalCode: '2', street: null, state: null, countryOrRegion: null },
  });
  row['Last Name'] = 'Married';
  row['Gender'] = 'M';
  row['Mailing City'] = 'Fabrikam';
  await bench.sync();
  const now = await pick(bench, user, ...names);
  assert.deepEqual([now['surname'], now['displayName']], ['Married', 'Stu1 Married']);
  assert.equal((now['student'] as Record<string, unknown>)['gender'], 'male');
  assert.equal((now['mailingAddress'] as Record<string, unknown>)['city'], 'Fabrikam');
  assert.equal(now['userPrincipalName'], 'edited@contoso.example');
  await bench.syncsChangeNothing();
});

test('a class, and its course and term: one class alone has the edit, and what the source changes reaches it', async () => {
  const bench = await syncedRoster(rollbook);
  const [edited, other] = [await bench.idOf('class', 'S1C1'), await bench.idOf('class', 'S1C2')];
  for (const section of bench.roster.section)
    Object.assign(section, { 'Course SIS ID': 'shared', 'Course Name': 'Shared', 'Course Subject': 'Old' });
  await bench.sync();
  await bench.edit('PATCH', `classes/${edited}`, {
    externalName: 'By hand',
    course: { displayName: 'Edited' },
    term: { startDate: '2026-09-09' },
  });
  const courseOf = async (id: string) =>
    (await pick(bench, `classes/${id}`, 'course'))['course'] as Record<string, unknown>;
  assert.equal((await courseOf(other))['displayName'], 'Shared');
  await bench.syncsChangeNothing();

  const seqs = [await changeSeqOf('class', edited), await changeSeqOf('class', other)];
  const versions = await rollbook.rows('select version from class where id in ($1, $2)', [edited, other]);
  for (const section of bench.roster.section) section['Course Subject'] = 'New';
  assert.deepEqual(await bench.sync(), { course: { updated: 1 } });
  assert.deepEqual(
    [(await courseOf(edited))['subject'], (await courseOf(edited))['displayName']],
    ['New', 'Edited'],
  );
  assert.deepEqual(
    [(await courseOf(other))['subject'], (await courseOf(other))['displayName']],
    ['New', 'Shared'],
  );
  for (const [index, id] of [edited, other].entries())
    assert.ok((await changeSeqOf('class', id)) > (seqs[index] ?? 0), 'who follows classes sees the change');
  assert.deepEqual(
    await rollbook.rows('select version from class where id in ($1, $2)', [edited, other]),
    versions,
    'no plan for the class is stale for it',
  );

  for (const section of bench.roster.section) section['Term EndDate'] = '2027-06-30';
  const before = await changeSeqOf('class', edited);
  assert.deepEqual(await bench.sync(), { academicSession: { updated: 1 } });
  assert.ok((await changeSeqOf('class', edited)) > before);
  const { term } = await pick(bench, `classes/${edited}`, 'term');
  assert.deepEqual(
    [(term as Record<string, unknown>)['startDate'], (term as Record<string, unknown>)['endDate']],
    ['2026-09-09', '2027-06-30'],
  );

  bench.row('section', 'S1C1')['Section Number'] = '5';
  await bench.sync();
  assert.equal((await courseOf(edited))['displayName'], 'Edited');
  assert.equal((await bench.read(`classes/${edited}`))?.['externalName'], 'By hand');
  Object.assign(bench.row('section', 'S1C1'), { 'Course SIS ID': 'different', 'Course Name': 'Different' });
  await bench.sync();
  assert.equal(
    (await courseOf(edited))['displayName'],
    'Different',
    'the source put the class into another course',
  );
  await bench.syncsChangeNothing();
});

test('a class that was put into another school stays there until the source names another', async () => {
  const bench = await syncedRoster(rollbook, { schools: 3, sections: 1, students: 1 });
  const classId = await bench.idOf('class', 'S1C1');
  const [first, second, third] = await Promise.all(['S1', 'S2', 'S3'].map((id) => bench.idOf('org', id)));
  const school = async (): Promise<Set<string>> => bench.idsOf(`classes/${classId}/schools`);
  const putInto = (id: string | undefined): Promise<unknown> =>
    bench.edit('POST', `schools/${id}/classes/$ref`, { '@odata.id': `/education/classes/${classId}` });
  await bench.edit('DELETE', `schools/${first}/classes/${classId}/$ref`);
  await bench.syncsChangeNothing();
  assert.deepEqual(await school(), new Set());
  // Put back, it is where the source has it, and what the source says is not forgotten by that.
  await putInto(first);
  await bench.edit('DELETE', `schools/${first}/classes/${classId}/$ref`);
  await putInto(second);
  await bench.syncsChangeNothing();
  const row = bench.row('section', 'S1C1');
  row['Section Number'] = '9';
  assert.deepEqual(await bench.sync(), { class: { updated: 1 } });
  assert.deepEqual(await school(), new Set([second]));
  row['School SIS ID'] = bench.row('school', 'S3')['SIS ID'] ?? '';
  await bench.sync();
  assert.deepEqual(await school(), new Set([third]));
  const kept = await rollbook.rows('select org_by_hand, source_org_id from class where id = $1', [classId]);
  assert.deepEqual(kept, [{ org_by_hand: false, source_org_id: null }]);
  await bench.syncsChangeNothing();
});

test('a plan that waits while an object is edited: that item is set aside and planned anew, the edit stays', async () => {
  const bench = await syncedRoster(rollbook);
  const id = await bench.idOf('student', 'S1P2');
  const settings = `/api/v1/profiles/${bench.profile}/settings`;
  await bench.client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk' });
  for (const student of bench.roster.student) student['Grade'] = '11';
  const waiting = await bench.client.sync(bench.profile, csvFiles(bench.roster));
  assert.equal(waiting.status, 'paused', waiting.statusMessage);
  await bench.edit('PATCH', `users/${id}`, { mail: 'by.hand@contoso.example' });
  await bench.client.ok('POST', `/beta/education/synchronizationProfiles/${bench.profile}/resume`);
  await bench.client.settled(bench.profile);
  const stale = await rollbook.rows(
    `select f.code from plan_item_failure f join bulk.plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
      where i.object_id = $1 and i.kind = 'student'`,
    [id],
  );
  assert.deepEqual(stale, [{ code: 'StaleItem' }]);
  const { student: counted } = await changesOf(bench.client, bench.profile);
  assert.deepEqual(
    counted,
    { updated: bench.roster.student.length - 1 },
    'what failed is not counted as done',
  );
  const { counts } = await bench.client.ok<{ counts: { timings: Record<string, number> } }>(
    'GET',
    `/api/v1/runs/${(await bench.client.latestRun(bench.profile)).id}`,
  );
  assert.ok('plan' in counts.timings && 'apply student' in counts.timings, 'how long it took is still told');
  const other = await pick(bench, `users/${await bench.idOf('student', 'S1P1')}`, 'student');
  assert.equal((other['student'] as Record<string, unknown>)['grade'], '11', 'the rest of the plan stands');
  await bench.client.ok('PATCH', settings, { applyPolicy: 'whenClean' });
  await bench.sync();
  const user = await pick(bench, `users/${id}`, 'mail', 'student');
  assert.equal(user['mail'], 'by.hand@contoso.example');
  assert.equal((user['student'] as Record<string, unknown>)['grade'], '11');
  await bench.syncsChangeNothing();
});

test('edits while a sync runs: neither waits for ever, and both are there', async () => {
  const bench = await syncedRoster(rollbook, { sections: 4, students: 200 });
  const ids = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => bench.idOf('student', `S1P${n}`)));
  const classId = await bench.idOf('class', 'S1C1');
  const members = await bench.idsOf(`classes/${classId}/members`);
  for (const student of bench.roster.student) student['Grade'] = '10';
  await bench.client.upload(bench.profile, csvFiles(bench.roster));
  const started = bench.client.start(bench.profile);
  const outsider = ids.filter((id) => !members.has(id));
  await Promise.all([
    ...ids.map((id, n) => bench.edit('PATCH', `users/${id}`, { usageLocation: n % 2 === 0 ? 'GB' : 'DE' })),
    ...ids.map((id) => bench.edit('PATCH', `users/${id}`, { middleName: 'Hand' })),
    ...outsider.map((id) => bench.add(`classes/${classId}/members`, id)),
  ]);
  assert.equal((await started).status, 200);
  await bench.client.settled(bench.profile);
  await bench.sync();
  for (const [n, id] of ids.entries()) {
    const user = await pick(bench, `users/${id}`, 'usageLocation', 'middleName', 'student');
    assert.deepEqual([user['usageLocation'], user['middleName']], [n % 2 === 0 ? 'GB' : 'DE', 'Hand']);
    assert.equal((user['student'] as Record<string, unknown>)['grade'], '10');
  }
  assert.deepEqual(await bench.idsOf(`classes/${classId}/members`), new Set([...members, ...outsider]));
  await bench.syncsChangeNothing();
});

test('a class of an expired profile keeps the school and the course that it was given by hand', async () => {
  const bench = await syncedRoster(rollbook, { schools: 2 });
  const classId = await bench.idOf('class', 'S1C1');
  const [first, second] = [await bench.idOf('org', 'S1'), await bench.idOf('org', 'S2')];
  await bench.edit('DELETE', `schools/${first}/classes/${classId}/$ref`);
  await bench.edit('POST', `schools/${second}/classes/$ref`, {
    '@odata.id': `/education/classes/${classId}`,
  });
  await bench.edit('PATCH', `classes/${classId}`, { course: { subject: 'By hand' } });
  const { course } = await pick(bench, `classes/${classId}`, 'course');
  await bench.client.ok('PATCH', `/api/v1/profiles/${bench.profile}/settings`, {
    schedule: { onExpiration: 'expireClasses' },
  });
  await bench.client.ok('PATCH', `/beta/education/synchronizationProfiles/${bench.profile}`, {
    expirationDate: '2026-06-30',
  });
  const run = await expirationIs(bench.profile, 'held');
  await bench.client.ok('POST', `/api/v1/runs/${run}/approve`);
  await expirationIs(bench.profile, 'completed');
  const shown = await pick(bench, `classes/${classId}`, 'displayName', 'course');
  assert.match(String(shown['displayName']), /^Exp0626_/u);
  assert.deepEqual(shown['course'], course);
  assert.deepEqual(await bench.idsOf(`classes/${classId}/schools`), new Set([second]));
});

test('limits know a school by its id in the source, whatever id it was given by hand', async () => {
  const bench = await syncedRoster(rollbook, { sections: 3 });
  const sourceId = bench.row('school', 'S1')['SIS ID'];
  await bench.edit('PATCH', `schools/${await bench.idOf('org', 'S1')}`, { externalId: 'another' });
  bench.roster.studentenrollment.pop();
  const gone = bench.roster.section.pop()?.['SIS ID'];
  for (const file of [bench.roster.studentenrollment, bench.roster.teacherroster])
    file.splice(0, file.length, ...file.filter((row) => row['Section SIS ID'] !== gone));
  const changes = await bench.sync();
  assert.deepEqual(Object.keys(changes).toSorted(), ['class', 'course', 'enrollment']);
  const { id } = await bench.client.latestRun(bench.profile);
  const schools = await rollbook.rows(
    `select distinct school_id from plan_count where run_id = $1 and kind in ('class', 'enrollment')`,
    [id],
  );
  assert.deepEqual(schools, [{ school_id: sourceId }]);
});
