import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shown, stageFiles } from '#test/helpers/stage-files.ts';
import { GOOD_V21 } from '#test/helpers/user-faults.ts';

test('of two roles alike the first goes: the next sync of the same files changes nothing', async () => {
  const roles = (...rows: string[]) => ({
    ...GOOD_V21,
    'academicSessions.csv': `${GOOD_V21['academicSessions.csv']}z,Next,schoolYear,2028,2027-08-01,2028-07-31\n`,
    'roles.csv': [
      'userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary',
      ...rows,
      'u2,s,teacher,,,1',
      '',
    ].join('\n'),
  });
  const old = 'u1,s,student,y,09,TRUE';
  const now = 'u1,s,student,z,10,TRUE';
  const first = await stageFiles(roles(old, now));
  const second = await stageFiles(roles(now), { after: first });
  assert.equal(second.items.filter(({ action }) => action === 'end').length, 1);
  const third = await stageFiles(roles(now), { after: second });
  assert.deepEqual(shown(third.items), []);
});

test('of two roles alike the first goes, and then the row of the person is bad: the other one stays', async () => {
  const files = (user: string, ...rows: string[]) => ({
    ...GOOD_V21,
    'academicSessions.csv': `${GOOD_V21['academicSessions.csv']}z,Next,schoolYear,2028,2027-08-01,2028-07-31\n`,
    'users.csv': `sourcedId,username,givenName,familyName,email\n${user}\nu2,tea@a.example,Tea,Oak,\n`,
    'roles.csv': [
      'userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary',
      ...rows,
      'u2,s,teacher,,,1',
      '',
    ].join('\n'),
  });
  const good = 'u1,ada@a.example,Ada,Elm,ada@b.example';
  const [old, now] = ['u1,s,student,y,09,TRUE', 'u1,s,student,z,10,TRUE'];
  const second = await stageFiles(files(good, now), { after: await stageFiles(files(good, old, now)) });
  const third = await stageFiles(files('u1,,Ada,Elm,ada@b.example', now), { after: second });
  assert.deepEqual(shown(third.items), []);
});
