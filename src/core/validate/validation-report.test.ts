import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FindingCount } from '../findings.ts';
import { FAIL_ON, outcomeOf, type ReportOptions, validationReport } from './validation-report.ts';

const warning: FindingCount = {
  file: 'student.csv',
  code: 'DATE_INVALID',
  field: '',
  severity: 'warning',
  rowCount: 4,
};
const fatal: FindingCount = {
  file: 'student.csv',
  code: 'FILE_TRUNCATED',
  field: '',
  severity: 'fatal',
  rowCount: 1,
};
const error: FindingCount = {
  file: 'student.csv',
  code: 'REQUIRED_MISSING',
  field: '',
  severity: 'error',
  rowCount: 3,
};

function reportOf(
  counts: readonly FindingCount[],
  badRows: number,
  tolerance: ReportOptions['tolerance'] = { count: 10, percent: 1 },
) {
  return validationReport(
    'export',
    {
      format: { name: 'sds-v1', title: 'SDS V1', how: 'set', evidence: ['The profile says so.'] },
      fatal: counts.includes(fatal),
      filesToConfirm: [],
      findingCounts: counts,
      files: [
        { file: 'student.csv', rows: 100, badRows },
        { file: 'teacher.csv', rows: 5, badRows: 0 },
      ],
    },
    [],
    { files: [{ file: 'student.csv', warned: 4, waiting: 2 }], dependants: [] },
    { tolerance, exampleCount: 5 },
  );
}

test('report: every row of a file counts once', () => {
  const { files, total } = reportOf([warning], 3);
  assert.deepEqual(files, [
    { file: 'student.csv', rows: 100, good: 91, warned: 4, waiting: 2, bad: 3 },
    { file: 'teacher.csv', rows: 5, good: 5, warned: 0, waiting: 0, bad: 0 },
  ]);
  assert.deepEqual(total, { rows: 105, good: 96, warned: 4, waiting: 2, bad: 3 });
});

const OUTCOMES: [string, ReturnType<typeof reportOf>, readonly string[]][] = [
  ['nothing', reportOf([], 0), ['ok', 'ok', 'ok']],
  ['warnings', reportOf([warning], 0), ['ok', 'ok', 'warnings']],
  ['faulty rows', reportOf([error], 3), ['ok', 'errors', 'errors']],
  ['faulty rows and warnings', reportOf([error, warning], 3), ['ok', 'errors', 'errors']],
  ['more faulty rows than are tolerated', reportOf([error], 30), ['held', 'held', 'held']],
  ['one faulty row and a strict profile', reportOf([error], 1, 'strict'), ['held', 'held', 'held']],
  ['a truncated file', reportOf([fatal], 0), ['held', 'held', 'held']],
];
for (const [name, report, outcomes] of OUTCOMES) {
  test(`outcome: ${name}, for --fail-on ${FAIL_ON.join(', ')}`, () => {
    assert.deepEqual(
      FAIL_ON.map((failOn) => outcomeOf(report, failOn)),
      outcomes,
    );
  });
}
