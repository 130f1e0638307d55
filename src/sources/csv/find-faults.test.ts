import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FINDING_CODES } from '#core/findings.ts';
import { type FaultCase, type FaultyFiles, GOOD_FILES } from '#test/helpers/fault-case.ts';
import { CONTACT_FAULTS } from '#test/helpers/contact-faults.ts';
import { FILE_FAULTS } from '#test/helpers/file-faults.ts';
import { ROW_FAULTS } from '#test/helpers/row-faults.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { USER_FAULTS, type UserFault } from '#test/helpers/user-faults.ts';

const cases: readonly FaultCase[] = [
  { name: 'nothing is wrong', expect: [] },
  ...FILE_FAULTS,
  ...ROW_FAULTS,
  ...CONTACT_FAULTS,
];

/** Codes that need a snapshot: their tests are in compare-rosters.test.ts and own-roles.test.ts. */
const ELSEWHERE = [
  'FILE_EMPTY_HAD_ROWS',
  'ABSENCE_NOT_PROVEN',
  'ROLE_UNDECIDED',
  // Of delta files: merge-sets.test.ts, and the scenario.
  'FILE_DELTA',
  'DELTA_SKIPPED',
  'DELTA_CAUGHT_UP',
  'ROW_OUTDATED',
];

const all: readonly UserFault[] = [...cases.map((one) => ({ ...one, files: filesOf(one) })), ...USER_FAULTS];

function filesOf({ add = {}, replace = {} }: FaultCase): FaultyFiles {
  const files: FaultyFiles = { ...GOOD_FILES };
  for (const [name, content] of Object.entries(replace)) {
    if (content === null) delete files[name];
    else files[name] = content;
  }
  for (const [name, rows] of Object.entries(add)) files[name] = `${String(files[name] ?? '')}${String(rows)}`;
  return files;
}

describe('findings', () => {
  for (const one of all) {
    test(one.name, async () => {
      const { findings, result } = await stageFiles(one.files, one.options);
      assert.deepEqual(shownFindings(findings).toSorted(), one.expect.toSorted());
      assert.equal(
        result.fatal,
        one.expect.some((line) => line.endsWith('(fatal)')),
      );
      const errors = findings.filter(({ severity }) => severity === 'error');
      const badRows = new Set(errors.map(({ file, line }) => `${file}:${line}`));
      assert.equal(
        result.files.reduce((sum, file) => sum + file.badRows, 0),
        badRows.size,
      );
      if (result.fatal) assert.equal(result.itemCount, 0);
      for (const finding of findings) {
        assert.match(finding.message, /^\P{Cc}+\.$/u);
        assert.doesNotMatch(`${finding.value} ${finding.sourceId}`, /\p{Cc}/u);
      }
    });
  }

  test('there is a case for every code; those of zips are in hostile-zips.test.ts', () => {
    const met = new Set(all.flatMap(({ expect }) => expect.map((line) => line.split(' ')[0])));
    const missing = Object.keys(FINDING_CODES).filter(
      (code) => !met.has(code) && !ELSEWHERE.includes(code) && !code.startsWith('ZIP_'),
    );
    assert.deepEqual(missing, []);
  });

  test('a finding names the value and the record', async () => {
    const { findings } = await stageFiles({
      ...GOOD_FILES,
      'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,"9,9"\n',
    });
    assert.deepEqual(findings, [
      {
        code: 'REFERENCE_NOT_FOUND',
        severity: 'error',
        file: 'studentenrollment.csv',
        field: 'SIS ID',
        line: 2,
        kind: 'enrollment',
        sourceId: 'm1/9,9',
        value: '9,9',
        message: 'SIS ID "9,9" is not in student.csv.',
      },
    ]);
  });

  test('counts are exact, what is kept is bounded', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `m1,x${i}`).join('\n');
    const { findings, result } = await stageFiles(
      { ...GOOD_FILES, 'studentenrollment.csv': `Section SIS ID,SIS ID\n${rows}\n` },
      { limits: { errors: 150, warnings: 10, perCode: 100, samples: 20 } },
    );
    assert.equal(findings.length, 150);
    assert.deepEqual(result.findingCounts, [
      {
        file: 'studentenrollment.csv',
        code: 'REFERENCE_NOT_FOUND',
        field: 'SIS ID',
        severity: 'error',
        rowCount: 500,
      },
    ]);
    assert.equal(result.samples.length, 5);
    assert.equal(result.files.find(({ file }) => file === 'studentenrollment.csv')?.badRows, 500);
  });

  test('passwords are in no finding and no record', async () => {
    const { findings, items } = await stageFiles({
      ...GOOD_FILES,
      'student.csv': `SIS ID,School SIS ID,First Name,Last Name,Username,Password\n1,A,Ada,Elm,aelm,Secret#1\n2,B,Ben,Fir,bfir,${'x'.repeat(300)}\n`,
    });
    assert.deepEqual(shownFindings(findings), [
      'VALUE_TOO_LONG student.csv:3 Password (error)',
      'REFERENCE_DROPPED studentenrollment.csv:3 SIS ID (information)',
    ]);
    assert.doesNotMatch(JSON.stringify([findings, items]), /Secret#1|xxxx/);
    assert.equal(items.find(({ kind }) => kind === 'student')?.hasSecret, true);
  });
});
