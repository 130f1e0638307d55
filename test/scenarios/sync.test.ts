import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

async function folder(path: string): Promise<Record<string, Buffer>> {
  const names = (await readdir(path)).filter((name) => name.toLowerCase().endsWith('.csv'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name))])),
  );
}

/** Rows of a CSV file without quotes or blank lines in them, the header left out. */
async function rowsOf(path: string, name: string): Promise<number> {
  const names = await readdir(path);
  const file = names.find((candidate) => candidate.toLowerCase() === name) ?? name;
  return (await readFile(join(path, file), 'utf8')).split(/\r?\n/).filter((line) => line !== '').length - 1;
}

test('first sync, no-change sync, changed sync: the directory follows, and nothing is written twice', async () => {
  const profile = await client.createProfile({ displayName: 'First and later' });
  const roster = smallRoster();
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'success', first.statusMessage);
  assert.equal(first.errorCount, 0);
  assert.ok(first.lastSynchronizationDateTime !== null);
  assert.deepEqual(await changesOf(client, profile), {
    org: { created: 2 },
    academicSession: { created: 1 },
    course: { created: 3 },
    class: { created: 6 },
    student: { created: 24 },
    teacher: { created: 6 },
    role: { created: 30 },
    enrollment: { created: 54 },
  });

  const afterFirst = await dumpDirectory(rollbook.db, rollbook.tenantId);
  const versions = `select count(*)::int as n, max(change_seq)::int as seq, max(version)::int as version from person`;
  const before = await rollbook.rows(versions);
  const second = await client.sync(profile, csvFiles(roster));
  assert.ok(second.lastSynchronizationDateTime !== null);
  assert.equal(second.status, 'success');
  assert.deepEqual(await changesOf(client, profile), {}, 'the same files change nothing');
  assert.deepEqual(await rollbook.rows(versions), before, 'no row was written');
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), afterFirst);
  assert.ok(second.lastSynchronizationDateTime > first.lastSynchronizationDateTime);

  const changed = copyOf(roster);
  changed.student[0] = { ...changed.student[0], 'Last Name': 'Renamed' };
  changed.student.splice(3, 1);
  changed.studentenrollment.splice(
    0,
    changed.studentenrollment.length,
    ...changed.studentenrollment.filter((row) => row['SIS ID'] !== 'S1P4'),
  );
  changed.section.push({ ...changed.section[0], 'SIS ID': 'S1C9', 'Section Name': 'New class' });
  const third = await client.sync(profile, csvFiles(changed));
  assert.equal(third.status, 'success', third.statusMessage);
  assert.deepEqual(await changesOf(client, profile), {
    class: { created: 1 },
    student: { updated: 1, ended: 1 },
    role: { ended: 1 },
    enrollment: { ended: 2 },
  });
  const users = await client.all<{ displayName: string; student: { externalId: string } | null }>(
    "/v1.0/education/users?$filter=primaryRole eq 'student'",
  );
  const externalIds = users.map((user) => user.student?.externalId);
  assert.ok(users.some((user) => user.displayName === 'Stu1 Renamed'));
  assert.ok(!externalIds.includes('S1P4'), 'who left is absent');

  const back = await client.sync(profile, csvFiles(roster));
  assert.equal(back.status, 'success', back.statusMessage);
  assert.deepEqual((await changesOf(client, profile))['student'], { updated: 1, reactivated: 1 });
});

test('a profile deleted and made again doubles nobody', async () => {
  const first = await client.createProfile({ displayName: 'Made again' });
  const roster = smallRoster({ schools: 1, students: 5 });
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `again.${person['Username']}`;
  assert.equal((await client.sync(first, csvFiles(roster))).status, 'success');
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  assert.equal((await client.call('DELETE', `/beta/education/synchronizationProfiles/${first}`)).status, 202);
  const second = await client.createProfile({ displayName: 'Made again' });
  assert.notEqual(second, first);
  const status = await client.sync(second, csvFiles(roster));
  assert.equal(status.status, 'success', status.statusMessage);
  assert.deepEqual(await changesOf(client, second), {}, 'its links were adopted');
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);
});

test('two profiles bring the same person: matched to one account, each owns its own memberships', async () => {
  const upn = 'shared.person@contoso.example';
  await client.ok('POST', '/v1.0/education/users', {
    accountEnabled: true,
    displayName: 'Shared Person',
    mailNickname: 'shared.person',
    passwordProfile: { password: 'Start#2026', forceChangePasswordNextSignIn: true },
    userPrincipalName: upn,
  });
  const ids: string[] = [];
  for (const name of ['East', 'West']) {
    const profile = await client.createProfile({
      displayName: name,
      match: { property: 'userPrincipalName', source: 'Username' },
    });
    const roster = smallRoster({ schools: 1, sections: 1, students: 0 });
    for (const rows of Object.values(roster)) {
      for (const row of rows)
        for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID']) {
          if (row[column] !== undefined) row[column] = name + row[column];
        }
    }
    roster.teacher[0] = { ...roster.teacher[0], Username: upn };
    roster.student.push({
      'SIS ID': `${name}x`,
      'School SIS ID': `${name}S1`,
      Username: `nobody.${name}@contoso.example`,
    });
    roster.studentenrollment.push({ 'Section SIS ID': `${name}S1C1`, 'SIS ID': `${name}x` });
    const status = await client.sync(profile, csvFiles(roster));
    assert.equal(status.status, 'error', 'the unmatched pupil is an error');
    assert.equal(status.errorCount, 1, 'what waits for the pupil is not counted');
    const errors = await client.all<{ errorCode: string; entryType: string }>(
      `/beta/education/synchronizationProfiles/${profile}/errors`,
    );
    assert.deepEqual(
      errors.map(({ errorCode, entryType }) => ({ errorCode, entryType })),
      [{ errorCode: 'UnsynchronizableChange', entryType: 'Student' }],
    );
    ids.push(profile);
  }
  const found = await client.all<{ id: string; userPrincipalName: string }>(
    `/v1.0/education/users?$filter=userPrincipalName eq '${upn}'`,
  );
  assert.equal(found.length, 1);
  const classes = await client.all<{ externalId: string }>(
    `/v1.0/education/users/${found[0]?.id}/taughtClasses`,
  );
  assert.deepEqual(classes.map(({ externalId }) => externalId).toSorted(), ['EastS1C1', 'WestS1C1']);
});

test('a pupil and a teacher with one SIS ID are two people; a person may be in several schools; a class needs no teacher', async () => {
  const profile = await client.createProfile({ displayName: 'Legal oddities' });
  const roster = smallRoster({ schools: 2, sections: 1, students: 2 });
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `odd.${person['Username']}`;
  const [pupil] = roster.student;
  const [teacher] = roster.teacher;
  assert.ok(pupil && teacher);
  roster.teacherroster.length = 1;
  roster.teacherroster[0] = { ...roster.teacherroster[0], 'SIS ID': String(pupil['SIS ID']) };
  teacher['SIS ID'] = String(pupil['SIS ID']);
  roster.teacher.push({ ...teacher, 'School SIS ID': 'S2' });
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'success', status.statusMessage);
  const counts = await changesOf(client, profile);
  assert.deepEqual(
    { student: counts['student'], teacher: counts['teacher'], role: counts['role'] },
    { student: { created: 4 }, teacher: { created: 2 }, role: { created: 7 } },
  );
});

test('the example roster and its changed version sync cleanly', async () => {
  const profile = await client.createProfile({ displayName: 'Example' });
  const first = await client.sync(profile, await folder(join(EXAMPLES, 'contoso')));
  assert.equal(first.status, 'success', first.statusMessage);
  const changed = await client.sync(profile, await folder(join(EXAMPLES, 'contoso-changed')));
  assert.equal(changed.status, 'success', changed.statusMessage);
  assert.notDeepEqual(await changesOf(client, profile), {});
});

const samples = process.env['ROLLBOOK_SAMPLES'];
if (samples === undefined) {
  process.stdout.write('ROLLBOOK_SAMPLES is not set: no tests on real sample rosters in this run\n');
} else {
  test('real sample with 100 users: every row arrives, a second sync changes nothing', async () => {
    const path = join(samples, 'sds-v1-100-users');
    const profile = await client.createProfile({ displayName: 'Sample 100' });
    const status = await client.sync(profile, await folder(path));
    assert.equal(status.status, 'success', status.statusMessage);
    const counts = await changesOf(client, profile);
    assert.deepEqual(
      {
        org: counts['org'],
        class: counts['class'],
        student: counts['student'],
        teacher: counts['teacher'],
        enrollment: counts['enrollment'],
      },
      {
        org: { created: await rowsOf(path, 'school.csv') },
        class: { created: await rowsOf(path, 'section.csv') },
        student: { created: await rowsOf(path, 'student.csv') },
        teacher: { created: await rowsOf(path, 'teacher.csv') },
        enrollment: {
          created: (await rowsOf(path, 'studentenrollment.csv')) + (await rowsOf(path, 'teacherroster.csv')),
        },
      },
    );
    assert.equal((await client.sync(profile, await folder(path))).status, 'success');
    assert.deepEqual(await changesOf(client, profile), {});
  });

  test('real sample with the minimum of columns: matched to imported accounts', async () => {
    const path = join(samples, 'sds-v1-minimum');
    const names = (await readFile(join(path, 'Student.csv'), 'utf8'))
      .split(/\r?\n/)
      .slice(1)
      .concat((await readFile(join(path, 'Teacher.csv'), 'utf8')).split(/\r?\n/).slice(1))
      .filter((line) => line !== '')
      .map((line) => String(line.split(',')[2]));
    for (const name of names) {
      await client.ok('POST', '/v1.0/education/users', {
        accountEnabled: true,
        displayName: name,
        mailNickname: name,
        passwordProfile: { password: 'Start#2026' },
        userPrincipalName: `${name}@minimum.example`,
      });
    }
    const profile = await client.createProfile({
      displayName: 'Sample minimum',
      match: { property: 'userPrincipalName', source: 'Username', domain: 'minimum.example' },
    });
    const status = await client.sync(profile, await folder(path));
    assert.equal(status.status, 'success', status.statusMessage);
    const counts = await changesOf(client, profile);
    assert.equal((counts['student']?.['linked'] ?? 0) + (counts['teacher']?.['linked'] ?? 0), names.length);
    assert.equal(
      counts['enrollment']?.['created'],
      (await rowsOf(path, 'studentenrollment.csv')) + (await rowsOf(path, 'teacherroster.csv')),
    );
  });
}
