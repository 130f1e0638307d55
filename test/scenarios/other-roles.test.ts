/** Roles that are neither of a student nor of staff, and those of an exporter of which nobody has said what they are. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, syncClient } from '#test/helpers/sync-client.ts';
import { GOOD_ONEROSTER, GOOD_V21 } from '#test/helpers/user-faults.ts';

interface Role {
  readonly role: string;
  readonly roleName: string;
}

test('they stand beside the others, with their names, and outlive the snapshot', async () => {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    const files = { ...GOOD_V21, 'roles.csv': `${GOOD_V21['roles.csv']}u2,s,other,,,\nu2,s,parent,y,,\n` };
    assert.equal((await client.sync(profile, files)).status, 'success');
    const [person] = await rollbook.rows(`select id from person where given_name = 'Tea'`);
    const rolesOf = async (): Promise<string[]> =>
      (await client.ok<{ value: Role[] }>('GET', `/api/v1/users/${String(person?.['id'])}/roles`)).value
        .map(({ role, roleName }) => `${role} ${roleName}`)
        .toSorted();
    assert.deepEqual(await rolesOf(), ['other other', 'other parent', 'teacher teacher']);

    await rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });
    await client.sync(profile, files);
    assert.deepEqual(await changesOf(client, profile), {});

    await client.sync(profile, GOOD_V21);
    assert.deepEqual(await rolesOf(), ['teacher teacher']);
  } finally {
    await rollbook.stop();
  }
});

test('who was a student and is called otherwise now keeps the account, until it is said what that is', async () => {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    const states = async (): Promise<unknown> =>
      (
        await rollbook.rows(
          `select p.active, a.enabled from person p join account a on a.person_id = p.id where given_name = 'Ada'`,
        )
      )[0];
    const users = String(GOOD_ONEROSTER['users.csv']);
    const renamed = {
      ...GOOD_ONEROSTER,
      'users.csv': `${users.replace('s,student,ada', 's,ext:Pupil,ada')}u3,,,true,s,student,bo,Bo,Ash,9\n`,
      // Places that name who is not there wait: an exporter that means it leaves them out.
      'enrollments.csv': String(GOOD_ONEROSTER['enrollments.csv']).replace(',u1,student', ',u3,student'),
    };
    await client.sync(profile, GOOD_ONEROSTER);
    await client.sync(profile, renamed);
    assert.deepEqual(await states(), { active: true, enabled: true });

    await client.ok('PUT', '/api/v1/referenceLists/otherRoles/values/ext%3APupil', { title: 'Pupil' });
    await client.sync(profile, renamed);
    assert.deepEqual(await states(), { active: false, enabled: false });
  } finally {
    await rollbook.stop();
  }
});
