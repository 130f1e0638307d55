import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FINDING_CODES, type Finding } from '#core/findings.ts';
import { validationReport, type ValidationReport } from '#core/validate/validation-report.ts';

import { paintFor } from './paint.ts';
import { validationLines } from './validation-lines.ts';

const nowhere = { write: () => undefined };
const plain = paintFor(
  { stdout: nowhere, stderr: nowhere, env: {}, interrupt: new AbortController().signal },
  nowhere,
);

function reportOf(examples: readonly Partial<Finding>[], rowCount = examples.length): ValidationReport {
  const findings = examples.map((example): Finding => ({
    code: 'REQUIRED_MISSING',
    severity: 'error',
    file: 'student.csv',
    field: 'Username',
    message: 'Username is empty.',
    ...example,
  }));
  return validationReport(
    './export',
    {
      format: { name: 'sds-v1', title: 'SDS V1', how: 'set', evidence: ['The profile says so.'] },
      fatal: false,
      filesToConfirm: [],
      findingCounts: [
        { code: 'REQUIRED_MISSING', severity: 'error', file: 'student.csv', field: 'Username', rowCount },
      ],
      files: [{ file: 'student.csv', rows: 5_000, badRows: rowCount }],
    },
    findings,
    {
      files: [{ file: 'studentenrollment.csv', warned: 0, waiting: 3 }],
      dependants: [{ code: 'REQUIRED_MISSING', file: 'studentenrollment.csv', field: 'SIS ID', rowCount: 3 }],
    },
    { tolerance: { count: 10, percent: 1 }, exampleCount: 2 },
  );
}

test('lines: what, how many, where, first lines, what waits, what to do, and the verdict', () => {
  const { title, remedy } = FINDING_CODES.REQUIRED_MISSING;
  const lines = validationLines(reportOf([{ line: 3 }, { line: 9, value: ' ' }], 1_200), plain, 80);
  assert.deepEqual(lines, [
    './export: 1 file, 5,000 rows, 1,200 faulty',
    'SDS V1 (set): The profile says so.',
    '',
    'file          rows   good  warned  waiting  faulty',
    'student.csv  5,000  3,800       0        0   1,200',
    'all          5,000  3,800       0        0   1,200',
    '',
    'Errors: 1,200. The row is left out; what the directory knew of it stays.',
    '',
    `${title}: 1,200 rows [REQUIRED_MISSING]`,
    '  student.csv, Username: 1,200 rows',
    '    line 3: Username is empty.',
    '    line 9: Username is empty.',
    '    ... and 1,198 more',
    '  Rows that name these records wait for them:',
    '    studentenrollment.csv, SIS ID: 3 rows',
    `  -> ${remedy}`,
    '',
    'A sync would be held: errors in 1200 of 5000 rows of student.csv are above the',
    'tolerance; correct and upload again, or resume to go on without these rows',
  ]);
});

test('lines: nothing was found', () => {
  const stage = {
    format: { name: 'sds-v1', title: 'SDS V1', how: 'detected', evidence: ['It says so.'] } as const,
    fatal: false,
    filesToConfirm: [],
    findingCounts: [],
    files: [{ file: 'student.csv', rows: 2, badRows: 0 }],
  };
  const report = validationReport(
    'x',
    stage,
    [],
    { files: [], dependants: [] },
    { tolerance: 'strict', exampleCount: 2 },
  );
  assert.deepEqual(validationLines(report, plain, 80), [
    'x: 1 file, 2 rows',
    'SDS V1 (detected): It says so.',
    '',
    'A sync would take every record.',
  ]);
});

test('lines: control characters and directions cannot reach the terminal, and no line is longer than it', () => {
  const hostile = { line: 4, value: '\u202Eabc\u001b[2J', message: `Wrong\u0007: ${'long'.repeat(100)}.` };
  for (const width of [40, 80, 100]) {
    const lines = validationLines(
      reportOf([hostile, { line: 5, value: 'v'.repeat(256), message: 'x' }]),
      plain,
      width,
    );
    assert.deepEqual(
      lines.filter((line) => /[\p{Cc}\p{Cf}]/u.test(line)),
      [],
    );
    // The table of files is as wide as its numbers.
    const long = lines.slice(6).filter((line) => line.length > width);
    assert.deepEqual(long, []);
  }
});
