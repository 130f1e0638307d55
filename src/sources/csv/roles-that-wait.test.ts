/** A role that waits takes nobody out of the school where the person was before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { GOOD_V21 } from '#test/helpers/user-faults.ts';

const FILES: Readonly<Record<string, string>> = {
  ...GOOD_V21,
  'orgs.csv': `${GOOD_V21['orgs.csv']}t,Other school,school,d\n`,
  'users.csv': `${GOOD_V21['users.csv']}u4,kim@a.example,Kim,Ash,\n`,
  'roles.csv': `${GOOD_V21['roles.csv']}u4,s,student,,,\n`,
  'enrollments.csv': `${GOOD_V21['enrollments.csv']}k,u4,student\n`,
};
const changed = (...changes: readonly (readonly [file: string, from: string, to: string])[]) => {
  const files: Record<string, string> = { ...FILES };
  for (const [file, from, to] of changes) {
    assert.ok(files[file]?.includes(from));
    files[file] = String(files[file]).replace(from, to);
  }
  return files;
};
const BAD_USER = ['users.csv', 'u1,ada@a.example,Ada', 'u1,ada@a.example,'] as const;
const before = await stageFiles(FILES);

for (const [name, to] of [
  ['in another school', 'u1,t,student'],
  ['as staff', 'u1,s,teacher'],
  ['under another name', 'u1,s,other'],
] as const)
  test(`of somebody known whose row is bad, ${name}`, async () => {
    const files = changed(BAD_USER, ['roles.csv', 'u1,s,student', to]);
    const staged = await stageFiles(files, { after: before });
    assert.deepEqual(shown(staged.items), [], shownFindings(staged.findings).join('\n'));
    const mended = await stageFiles(changed(['roles.csv', 'u1,s,student', to]), { after: staged });
    assert.ok(mended.items.some(({ action, kind }) => action === 'end' && kind === 'role'));
  });

test('of somebody new whose row is bad: others leave as ever', async () => {
  const files = changed(
    ['users.csv', 'u2,', 'u3,,Noa,New,\nu2,'],
    ['roles.csv', 'u1,s,student', 'u3,s,student'],
    ['enrollments.csv', 'k,u1,student\n', ''],
  );
  const staged = await stageFiles(files, { after: before });
  assert.deepEqual(
    staged.items.map(({ action, kind }) => `${action} ${kind}`),
    ['end enrollment', 'end role', 'end student'],
  );
});
