/** Totals under roles.csv and users.csv are no rows of somebody who cannot be told: what is looked through beforehand passes over them, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { GOOD_V21, WITH_AGENTS } from '#test/helpers/user-faults.ts';

const TOTALS = ['Total: 2\n', 'Total: 2', ',,,,,2\n', '(2 rows affected)\n'];

test('a student who becomes staff is no student any more, with totals under roles.csv', async () => {
  const before = await stageFiles(GOOD_V21);
  const roles = String(GOOD_V21['roles.csv']).replace('u1,s,student,y,09', 'u1,s,teacher,y,');
  const files = { ...GOOD_V21, 'roles.csv': roles };
  const expected = await stageFiles(files, { after: before });
  assert.ok(expected.items.some(({ action, kind }) => action === 'end' && kind === 'student'));
  for (const totals of TOTALS) {
    const staged = await stageFiles({ ...files, 'roles.csv': roles + totals }, { after: before });
    assert.deepEqual(shownFindings(staged.findings), ['ROW_TOTALS roles.csv:4 (warning)'], totals);
    assert.deepEqual(shown(staged.items), shown(expected.items), totals);
  }
});

test('a contact who is named no more goes, with totals under users.csv', async () => {
  const before = await stageFiles(WITH_AGENTS);
  const users = String(WITH_AGENTS['users.csv']).replace('"p1, p2"', 'p1');
  const expected = await stageFiles({ ...WITH_AGENTS, 'users.csv': users }, { after: before });
  const staged = await stageFiles({ ...WITH_AGENTS, 'users.csv': `${users}Total: 4\n` }, { after: before });
  assert.deepEqual(shownFindings(staged.findings), ['ROW_TOTALS users.csv:6 (warning)']);
  assert.deepEqual(
    staged.items.map(({ action, after }) => [action, after]),
    expected.items.map(({ action, after }) => [action, after]),
  );
});
