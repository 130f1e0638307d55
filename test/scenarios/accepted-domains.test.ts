/** acceptedDomains: user names of a role may have several domains, and no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { importAccounts } from '#test/helpers/accounts.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { smallRoster, csvFiles } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

async function withRollbook(
  work: (rollbook: TestRollbook, client: SyncClient) => Promise<void>,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    await work(rollbook, syncClient(rollbook));
  } finally {
    await rollbook.stop();
  }
}

const accept = (client: SyncClient, profile: string, domains: unknown): Promise<unknown> =>
  client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { acceptedDomains: domains });

test('a user name with another domain is an error with a remedy; accepted, it is a user like others', async () => {
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile();
    const roster = smallRoster({ schools: 1, students: 4 });
    const [first, second, third] = roster.student;
    assert.ok(first && second && third);
    await accept(client, profile, { student: ['north.contoso.example'] });
    first['Username'] = 'one@North.contoso.example';
    second['Username'] = 'two@STUDENTS.contoso.example';
    third['Username'] = 'three@south.contoso.example';
    const status = await client.sync(profile, csvFiles(roster));
    assert.equal(status.status, 'error', status.statusMessage);
    const [error, ...others] = await client.all(`/beta/education/synchronizationProfiles/${profile}/errors`);
    assert.deepEqual(others, []);
    assert.equal(error?.['errorCode'], 'USERNAME_DOMAIN');
    assert.match(
      String(error['errorMessage']),
      /^student\.csv, line 4: The domain south\.contoso\.example is none of those of students\. .*acceptedDomains/u,
    );
    const names = async (): Promise<unknown[]> =>
      (
        await rollbook.rows(
          `select a.user_name as name from account a join person p on p.id = a.person_id where p.active and p.primary_role = 'student' order by 1`,
        )
      ).map(({ name }) => name);
    const before = [
      'one@North.contoso.example',
      's1p4@students.contoso.example',
      'two@STUDENTS.contoso.example',
    ];
    assert.deepEqual(await names(), before);
    await accept(client, profile, { student: ['north.contoso.example', 'South.contoso.example'] });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
    const all = [...before.slice(0, 2), 'three@south.contoso.example', ...before.slice(2)];
    assert.deepEqual(await names(), all);
    assert.deepEqual(Object.keys(await changesOf(client, profile)).toSorted(), [
      'enrollment',
      'role',
      'student',
    ]);
    // Teachers have no list: any domain. And who was accepted once loses nothing when the list is shorter again.
    const [teacher] = roster.teacher;
    assert.ok(teacher);
    teacher['Username'] = 'tea@elsewhere.example';
    await accept(client, profile, { student: ['north.contoso.example'] });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'error');
    assert.deepEqual(await changesOf(client, profile), { teacher: { updated: 1 } });
    assert.deepEqual(await names(), all);
    await accept(client, profile, { student: [] });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
    assert.deepEqual(await changesOf(client, profile), {});
  });
});

test('where people are matched by user name, the value that is matched is what has a domain', async () => {
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile({
      match: { property: 'userPrincipalName', source: 'Secondary Email', domain: 'contoso.example' },
    });
    const roster = smallRoster({ schools: 1, students: 2 });
    const people = [...roster.student, ...roster.teacher];
    for (const person of people) person['Secondary Email'] = `m.${person['Username']}`;
    await importAccounts(
      rollbook,
      people.map((person) => ({ Username: `${person['Secondary Email']}@contoso.example` })),
    );
    const [student] = roster.student;
    assert.ok(student);
    student['Secondary Email'] = `${student['Secondary Email']}@south.example`;
    await accept(client, profile, { student: ['north.example'], teacher: ['north.example'] });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'error');
    const errors = await client.all(`/beta/education/synchronizationProfiles/${profile}/errors`);
    assert.deepEqual(
      errors.map(({ errorCode, joiningValue }) => [errorCode, joiningValue]),
      [['USERNAME_DOMAIN', 'm.s1p1@south.example']],
    );
  });
});
