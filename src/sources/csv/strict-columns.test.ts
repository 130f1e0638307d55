/** SDS V1 as it would be with strict columns: what the readers make of values that are stored otherwise than received. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { GOOD_FILES } from '#test/helpers/fault-case.ts';
import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { SDS_V1 } from './sds-v1.ts';

before(() => {
  for (const { columns } of SDS_V1.files)
    for (const column of columns) if (column.check !== null) Object.assign(column, { strict: true });
});

const students = (...rows: readonly string[]): Record<string, string> => ({
  ...GOOD_FILES,
  'student.csv': `SIS ID,School SIS ID,First Name,Last Name,Username,Grade,Secondary Email\n${rows.join('\n')}\n`,
});

test('a person and their role have the value as it is stored', async () => {
  const { items, findings } = await stageFiles(
    students('1,A,Ada,Elm,aelm,5,Ada@Home.Example', '2,B,Ben,Fir,bfir,KG,'),
  );
  assert.deepEqual(findings, []);
  const of = (kind: string, id: string) =>
    must(items.find((item) => item.kind === kind && item.sourceId === id)).after as Record<string, unknown>;
  assert.equal(of('student', '1')['grade'], '05');
  assert.equal(of('student', '1')['secondaryEmail'], 'ada@home.example');
  assert.equal(of('role', 'A/1')['grade'], '05');
  assert.equal(of('role', 'B/2')['grade'], 'kg');
});

test('what is stored alike is no change, and in a second row no other value', async () => {
  const after = await stageFiles(students('1,A,Ada,Elm,aelm,5,a@b.example', '2,B,Ben,Fir,bfir,KG,'));
  const again = await stageFiles(
    students('1,A,Ada,Elm,aelm,05,A@B.Example', '1,B,Ada,Elm,aelm,5,a@b.example', '2,B,Ben,Fir,bfir,kg,'),
    { after },
  );
  assert.deepEqual(again.findings, []);
  assert.deepEqual(shown(again.items), ['create role B/1']);
});

test('a value that is left out is as one that was not there, and counts once the list has it', async () => {
  const after = await stageFiles(students('1,A,Ada,Elm,aelm,,', '2,B,Ben,Fir,bfir,13,'));
  const files = students('1,A,Ada,Elm,aelm,5a,', '2,B,Ben,Fir,bfir,13,');
  const unknown = await stageFiles(files, { after });
  assert.deepEqual(shownFindings(unknown.findings), ['ENUM_UNKNOWN student.csv:2 Grade (warning)']);
  assert.deepEqual(shown(unknown.items), []);
  const lists = { grades: { added: ['5A'], disabled: ['13'] } };
  const known = await stageFiles(files, { after, mapping: { ...CREATE_MAPPING, lists } });
  assert.deepEqual(shownFindings(known.findings), ['ENUM_UNKNOWN student.csv:3 Grade (warning)']);
  assert.deepEqual(
    known.items.map(({ kind, sourceId, reason, after: record }) => [
      kind,
      sourceId,
      reason,
      (record as Record<string, unknown>)['grade'],
    ]),
    [
      ['student', '1', 'settingsChanged', '5A'],
      ['role', 'A/1', 'settingsChanged', '5A'],
      ['student', '2', 'settingsChanged', null],
      ['role', 'B/2', 'settingsChanged', null],
    ],
  );
});
