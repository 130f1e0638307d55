import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stageFiles } from '#test/helpers/stage-files.ts';

const ROLES = 'userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n';
const STUDENT = 'u1,s,student,,05,true\n';
const AIDE = 'u1,s,aide,,,false\n';
const files = (roles: string, familyName = 'Elm'): Record<string, string> => ({
  'orgs.csv': 'sourcedId,name,type\ns,Alder School,school\n',
  'users.csv': `sourcedId,username,givenName,familyName\nu1,uelm,Uma,${familyName}\n`,
  'roles.csv': ROLES + roles,
});

// A student who is an aide, too: the student's role is the primary one.
for (const [name, roles] of [
  ['of the aide', `${STUDENT}u1,s,wizard,,,false\n`],
  ['of the student', `u1,s,wizard,,05,true\n${AIDE}`],
  ['of somebody who cannot be told', `${STUDENT}${AIDE},s,student,,,\n`],
] as const)
  test(`a bad role ${name} takes the primary role from nobody, and ends nothing`, async () => {
    const before = await stageFiles(files(STUDENT + AIDE));
    assert.deepEqual(before.findings, []);
    const people = before.items.filter(({ kind }) => kind === 'student' || kind === 'teacher');
    assert.deepEqual(
      people.map(({ after }) => (after as { primaryRole?: string }).primaryRole),
      ['student', 'student'],
    );
    const after = await stageFiles(files(roles), { after: before });
    assert.deepEqual(after.items, []);
    // Once the row is right again, what changed meanwhile goes in.
    const mended = await stageFiles(files(STUDENT + AIDE, 'Fir'), { after });
    assert.deepEqual(
      mended.items.map(({ kind, action }) => `${action} ${kind}`),
      ['update student', 'update teacher'],
    );
  });
