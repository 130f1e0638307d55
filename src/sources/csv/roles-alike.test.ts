/** The same role of a person in an org, several times: in other sessions, with other dates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import { GOOD_V21 } from '#test/helpers/user-faults.ts';

const HEAD =
  'userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate\nu2,s,teacher,,,,,\n';
const AUTUMN = 'u1,s,student,a,09,TRUE,2026-08-01,2027-01-31\n';
const SPRING = 'u1,s,student,b,09,TRUE,2027-02-01,2027-07-31\n';
const LATER = SPRING.replace('2027-07-31', '2027-07-30');
const BAD = 'u1,s,wizard,a,09,TRUE,2026-08-01,2027-01-31\n';

const rolesOf = (...rows: string[]): Record<string, string> => ({
  ...GOOD_V21,
  'academicSessions.csv': `${GOOD_V21['academicSessions.csv']}a,Autumn,term,2027,2026-08-01,2027-01-31\nb,Spring,term,2027,2027-02-01,2027-07-31\n`,
  'roles.csv': HEAD + rows.join(''),
});
const ended = ({ items }: StagedFiles): string[] =>
  items
    .filter(({ kind }) => kind === 'role')
    .map(({ action, after }) => `${action} ${(after as { endDate?: string } | null)?.endDate ?? ''}`.trim())
    .toSorted();

test('each is a role, whatever the order of the rows', async () => {
  const first = await stageFiles(rolesOf(AUTUMN, SPRING));
  assert.deepEqual(shownFindings(first.findings), []);
  assert.deepEqual(ended(first), ['create', 'create 2027-01-31', 'create 2027-07-31']);
  for (const rows of [
    [AUTUMN, SPRING],
    [SPRING, AUTUMN],
  ])
    assert.equal((await stageFiles(rolesOf(...rows), { after: first })).result.itemCount, 0);
});

test('one changes, one comes, one goes', async () => {
  const first = await stageFiles(rolesOf(AUTUMN, SPRING));
  for (const rows of [
    [AUTUMN, LATER],
    [LATER, AUTUMN],
  ]) {
    const changed = await stageFiles(rolesOf(...rows), { after: first });
    assert.ok(
      ended(changed).every((line) => line.startsWith('update')),
      'nothing ends and comes anew',
    );
    assert.equal((await stageFiles(rolesOf(...rows.toReversed()), { after: changed })).result.itemCount, 0);
  }
  for (const row of [AUTUMN, SPRING])
    assert.deepEqual(ended(await stageFiles(rolesOf(row), { after: first })), ['end']);
  const one = await stageFiles(rolesOf(AUTUMN));
  assert.deepEqual(ended(await stageFiles(rolesOf(AUTUMN, SPRING), { after: one })), ['create 2027-07-31']);
  assert.deepEqual(ended(await stageFiles(rolesOf(SPRING), { after: one })), ['update 2027-07-31']);
});

test('a bad row ends none of them, and takes the place of none', async () => {
  const first = await stageFiles(rolesOf(AUTUMN, SPRING));
  for (const rows of [[BAD, SPRING], [SPRING, BAD], [BAD]])
    assert.deepEqual(ended(await stageFiles(rolesOf(...rows), { after: first })), []);
});

test('so many that no exporter means them: the first hundred are taken, and the others said', async () => {
  const day = (offset: number): string => new Date(Date.UTC(1990, 0, 1 + offset)).toISOString().slice(0, 10);
  const rows = Array.from({ length: 2_000 }, (_, i) => `u1,s,student,,09,TRUE,${day(i)},\n`);
  const first = await stageFiles(rolesOf(...rows));
  assert.equal(ended(first).length, 1 + 100);
  assert.equal(first.result.findingCounts[0]?.rowCount, 1_900);
  assert.deepEqual(
    new Set(first.findings.map(({ code, severity }) => `${code} ${severity}`)),
    new Set(['ID_DUPLICATE warning']),
  );
  assert.equal((await stageFiles(rolesOf(...rows), { after: first })).result.itemCount, 0);
});
