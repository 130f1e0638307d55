/** What was added or removed by hand beside what a source states. docs/adr/0015-hand-edits-and-syncs.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import type { Row } from '#test/helpers/small-roster.ts';
import { syncedRoster, type SyncedRoster } from '#test/helpers/synced-roster.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

/** Takes the rows that fit out of a file. @returns a function that puts them back. */
function takeOut(rows: Row[], fits: (row: Row) => boolean): () => void {
  const taken = rows.filter(fits);
  assert.ok(taken.length > 0);
  rows.splice(0, rows.length, ...rows.filter((row) => !fits(row)));
  return () => void rows.push(...taken);
}

/** A pupil of class S1C1, and one who is not in it. */
async function pupilsOf(
  bench: SyncedRoster,
): Promise<{ classId: string; inside: string; insideId: string; outsideId: string }> {
  const section = bench.row('section', 'S1C1')['SIS ID'];
  const prefix = (section ?? '').replace('S1C1', '');
  const inside =
    bench.roster.studentenrollment.find((row) => row['Section SIS ID'] === section)?.['SIS ID'] ?? '';
  const inClass = new Set(
    bench.roster.studentenrollment
      .filter((row) => row['Section SIS ID'] === section)
      .map((row) => row['SIS ID']),
  );
  const outside = bench.roster.student.find((row) => !inClass.has(row['SIS ID']))?.['SIS ID'] ?? '';
  return {
    classId: await bench.idOf('class', 'S1C1'),
    inside,
    insideId: await bench.idOf('student', inside.slice(prefix.length)),
    outsideId: await bench.idOf('student', outside.slice(prefix.length)),
  };
}

const threeClasses = { sections: 3, students: 6 };

test('a member who was removed by hand stays out until the source ends and states the membership anew', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, inside, insideId } = await pupilsOf(bench);
  const members = `classes/${classId}/members`;
  await bench.edit('DELETE', `${members}/${insideId}/$ref`);
  await bench.syncsChangeNothing();
  assert.equal((await bench.idsOf(members)).has(insideId), false);
  bench.row('section', 'S1C1')['Section Name'] = 'Something else';
  await bench.sync();
  assert.equal((await bench.idsOf(members)).has(insideId), false, 'another record is no reason');

  const section = bench.row('section', 'S1C1')['SIS ID'];
  const putBack = takeOut(
    bench.roster.studentenrollment,
    (row) => row['SIS ID'] === inside && row['Section SIS ID'] === section,
  );
  assert.deepEqual(await bench.sync(), { enrollment: { ended: 1 } });
  await bench.syncsChangeNothing();
  putBack();
  assert.deepEqual(await bench.sync(), { enrollment: { reactivated: 1 } });
  assert.equal((await bench.idsOf(members)).has(insideId), true);
  await bench.syncsChangeNothing();
});

test('who is added again by hand has the membership of the source again', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, inside, insideId } = await pupilsOf(bench);
  const members = `classes/${classId}/members`;
  await bench.edit('DELETE', `${members}/${insideId}/$ref`);
  await bench.add(members, insideId);
  await bench.syncsChangeNothing();
  takeOut(bench.roster.studentenrollment, (row) => row['SIS ID'] === inside);
  await bench.sync();
  assert.equal((await bench.idsOf(members)).has(insideId), false, 'the source ends its own');
});

test('a member who was added by hand stays, whatever the source says of its own', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, outsideId } = await pupilsOf(bench);
  const [members, teachers] = [`classes/${classId}/members`, `classes/${classId}/teachers`];
  const teacherId = await bench.idOf('teacher', 'S1C2T');
  await bench.add(members, outsideId);
  await bench.add(teachers, teacherId);
  await bench.syncsChangeNothing();
  bench.row('section', 'S1C1')['Section Name'] = 'Changed';
  bench.roster.studentenrollment.pop();
  await bench.sync();
  assert.ok((await bench.idsOf(members)).has(outsideId));
  assert.ok((await bench.idsOf(teachers)).has(teacherId));
  await bench.edit('DELETE', `${members}/${outsideId}/$ref`);
  await bench.syncsChangeNothing();
  assert.equal((await bench.idsOf(members)).has(outsideId), false);
});

test('a person who was taken out of a school by hand', async () => {
  const bench = await syncedRoster(rollbook);
  const school = await bench.idOf('org', 'S1');
  const id = await bench.idOf('student', 'S1P1');
  const users = `schools/${school}/users`;
  await bench.edit('DELETE', `${users}/${id}/$ref`);
  await bench.syncsChangeNothing();
  assert.equal((await bench.idsOf(users)).has(id), false);
  bench.row('student', 'S1P1')['Last Name'] = 'Another';
  await bench.sync();
  assert.equal((await bench.idsOf(users)).has(id), false, 'the role is as it was');
  bench.row('student', 'S1P1')['Grade'] = '12';
  assert.deepEqual(await bench.sync(), { student: { updated: 1 }, role: { reactivated: 1 } });
  assert.ok((await bench.idsOf(users)).has(id), 'the source changed the role');
  await bench.syncsChangeNothing();
});

test('a person who was deleted by hand stays so until the source changes the record; then all comes back', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, insideId: id, inside, outsideId } = await pupilsOf(bench);
  const school = `schools/${await bench.idOf('org', 'S1')}/users`;
  const members = `classes/${classId}/members`;
  // Beside what the source states: a class by hand, and one that was left by hand.
  const own = await bench.edit('POST', 'classes', { displayName: 'Own', mailNickname: `own.${inside}` });
  await bench.add(`classes/${String(own['id'])}/members`, id);
  const classes = await bench.idsOf(`users/${id}/classes`);
  const left = [...classes].find((other) => other !== classId && other !== own['id']) ?? '';
  await bench.edit('DELETE', `classes/${left}/members/${id}/$ref`);

  await bench.edit('DELETE', `users/${id}`);
  const isGone = async (): Promise<void> => {
    assert.equal(await bench.read(`users/${id}`), undefined);
    for (const path of [members, school, `classes/${String(own['id'])}/members`])
      assert.equal((await bench.idsOf(path)).has(id), false, path);
  };
  await isGone();
  await bench.syncsChangeNothing();
  bench.row('student', 'S1P1')['Grade'] = '12';
  await bench.sync();
  await isGone();
  const row = bench.roster.student.find((student) => student['SIS ID'] === inside);
  assert.ok(row);
  row['Last Name'] = 'Returned';
  assert.deepEqual(await bench.sync(), { student: { reactivated: 1 } });
  const back = await bench.read(`users/${id}`);
  assert.deepEqual([back?.['surname'], back?.['accountEnabled']], ['Returned', true]);
  assert.deepEqual(
    await bench.idsOf(`users/${id}/classes`),
    new Set([...classes].filter((other) => other !== left)),
    'what was ended alone stays ended',
  );
  assert.ok((await bench.idsOf(school)).has(id));
  assert.ok((await bench.idsOf(members)).size > 1 && !(await bench.idsOf(members)).has(outsideId));
  const seqs = await rollbook.rows(
    `select bool_and(e.change_seq = p.change_seq) as same from enrollment e join person p on p.id = e.person_id
      where p.id = $1 and e.active`,
    [id],
  );
  assert.deepEqual(seqs, [{ same: true }], 'who follows memberships sees them come back');
  await bench.syncsChangeNothing();
});

test('a person who was deleted by hand and leaves the source comes back with the source', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { inside, insideId: id, classId } = await pupilsOf(bench);
  await bench.edit('DELETE', `users/${id}`);
  const putBack = [
    takeOut(bench.roster.student, (row) => row['SIS ID'] === inside),
    takeOut(bench.roster.studentenrollment, (row) => row['SIS ID'] === inside),
  ];
  await bench.sync();
  await bench.syncsChangeNothing();
  assert.equal(await bench.read(`users/${id}`), undefined);
  for (const put of putBack) put();
  assert.deepEqual(await bench.sync(), {
    student: { reactivated: 1 },
    role: { reactivated: 1 },
    enrollment: { reactivated: 2 },
  });
  assert.ok((await bench.idsOf(`classes/${classId}/members`)).has(id));
  await bench.syncsChangeNothing();
});

test('a class and a school that were deleted by hand, and one who was deleted with them', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, insideId, inside } = await pupilsOf(bench);
  const schoolId = await bench.idOf('org', 'S1');
  const members = await bench.idsOf(`classes/${classId}/members`);
  const people = await bench.idsOf(`schools/${schoolId}/users`);
  await bench.edit('DELETE', `classes/${classId}`);
  await bench.edit('DELETE', `schools/${schoolId}`);
  await bench.edit('DELETE', `users/${insideId}`);
  await bench.syncsChangeNothing();
  assert.equal(await bench.read(`classes/${classId}`), undefined);
  assert.equal(await bench.read(`schools/${schoolId}`), undefined);
  bench.row('student', 'S1P1')['Grade'] = '12';
  assert.deepEqual(await bench.sync(), { student: { updated: 1 }, role: { updated: 1 } });
  bench.row('section', 'S1C1')['Section Name'] = 'Back';
  bench.row('school', 'S1')['Name'] = 'Back';
  assert.deepEqual(await bench.sync(), { org: { reactivated: 1 }, class: { reactivated: 1 } });
  const without = (ids: Set<string>): Set<string> => new Set([...ids].filter((id) => id !== insideId));
  assert.deepEqual(await bench.idsOf(`classes/${classId}/members`), without(members));
  assert.deepEqual(await bench.idsOf(`schools/${schoolId}/users`), without(people));
  const placesOf = `select (select count(*)::int from enrollment where person_id = $1 and active) as enrollments,
                           (select count(*)::int from role where person_id = $1 and active) as roles`;
  assert.deepEqual(await rollbook.rows(placesOf, [insideId]), [{ enrollments: 0, roles: 0 }]);
  await bench.syncsChangeNothing();
  const row = bench.roster.student.find((student) => student['SIS ID'] === inside);
  assert.ok(row);
  row['First Name'] = 'Back';
  assert.deepEqual(await bench.sync(), { student: { reactivated: 1 } });
  assert.deepEqual(await bench.idsOf(`classes/${classId}/members`), members);
  assert.deepEqual(await bench.idsOf(`schools/${schoolId}/users`), people);
});

test('new settings of the profile are no change of the source: what was deleted by hand stays deleted', async () => {
  const bench = await syncedRoster(rollbook, threeClasses);
  const { classId, insideId } = await pupilsOf(bench);
  const other = await bench.idOf('class', 'S1C2');
  const [pupil] = await bench.idsOf(`classes/${other}/members`);
  const teacherId = await bench.idOf('teacher', 'S1C3T');
  await bench.edit('DELETE', `classes/${classId}`);
  await bench.edit('DELETE', `users/${teacherId}`);
  await bench.edit('DELETE', `classes/${other}/members/${pupil}/$ref`);
  await bench.client.ok('PATCH', `/beta/education/synchronizationProfiles/${bench.profile}`, {
    handleSpecialCharacterConstraint: true,
  });
  await bench.client.provisioned(bench.profile);
  const changes = await bench.sync();
  assert.ok((changes['student']?.['updated'] ?? 0) > 0, 'every record was read anew');
  assert.equal(await bench.read(`classes/${classId}`), undefined);
  assert.equal(await bench.read(`users/${teacherId}`), undefined);
  assert.equal((await bench.idsOf(`classes/${other}/members`)).has(pupil ?? ''), false);
  assert.ok(await bench.read(`users/${insideId}`));
  await bench.syncsChangeNothing();
});

test('one made by hand, matched by a profile and deleted by hand, is not revived when the source lets go', async () => {
  const bench = await syncedRoster(rollbook);
  const upn = 'matched.hand@contoso.example';
  const made = await bench.edit('POST', 'users', {
    accountEnabled: true,
    displayName: 'Matched',
    mailNickname: 'matched.hand',
    userPrincipalName: upn,
    passwordProfile: { password: 'Start#2026' },
  });
  const profile = await bench.client.createProfile({
    displayName: 'Matches',
    match: { property: 'userPrincipalName', source: 'Username' },
  });
  const files = (names: readonly string[]): Record<string, string> => ({
    'School.csv': 'SIS ID,Name\r\nMS,School\r\n',
    'Section.csv': 'SIS ID,School SIS ID,Section Name\r\nMC,MS,Class\r\n',
    'Student.csv': `SIS ID,School SIS ID,Username\r\n${names.map((name) => `${name},MS,${name}\r\n`).join('')}`,
    'Teacher.csv': 'SIS ID,School SIS ID,Username\r\n',
    'StudentEnrollment.csv': `Section SIS ID,SIS ID\r\n${names.map((name) => `MC,${name}\r\n`).join('')}`,
    'TeacherRoster.csv': 'Section SIS ID,SIS ID\r\n',
  });
  const other = 'other.hand@contoso.example';
  await bench.edit('POST', 'users', {
    accountEnabled: true,
    displayName: 'Other',
    mailNickname: 'other.hand',
    userPrincipalName: other,
    passwordProfile: { password: 'Start#2026' },
  });
  assert.equal((await bench.client.sync(profile, files([upn, other]))).status, 'success');
  const id = String(made['id']);
  assert.equal((await bench.idsOf(`users/${id}/classes`)).size, 1);
  await bench.edit('DELETE', `users/${id}`);
  assert.equal((await bench.client.sync(profile, files([other]))).status, 'success');
  assert.equal(await bench.read(`users/${id}`), undefined);
});
