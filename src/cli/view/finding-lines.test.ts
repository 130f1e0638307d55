import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FINDING_CODES } from '#core/findings.ts';

import { paintFor } from './paint.ts';
import { findingLines } from './finding-lines.ts';

const plain = paintFor(
  {
    stdout: { write: () => undefined },
    stderr: { write: () => undefined },
    env: {},
    interrupt: new AbortController().signal,
  },
  { write: () => undefined },
);

test('findings: the worst first, first lines, remedy; control characters cannot reach the terminal', () => {
  const lines = findingLines(
    [
      { file: 'student.csv', code: 'ROW_DUPLICATE', field: '', severity: 'warning', rowCount: 2 },
      { file: 'student.csv', code: 'REQUIRED_MISSING', field: 'Username', severity: 'error', rowCount: 12 },
      { file: 'section.csv', code: 'FILE_TRUNCATED', field: '', severity: 'fatal', rowCount: 1 },
    ],
    [3, 5, 9, 11].map((line) => ({
      code: 'REQUIRED_MISSING' as const,
      severity: 'error' as const,
      file: 'student.csv',
      field: 'Username',
      line,
      message: 'Username is empty\u001b[2J.',
    })),
    plain,
  );
  const { FILE_TRUNCATED, REQUIRED_MISSING, ROW_DUPLICATE } = FINDING_CODES;
  assert.deepEqual(lines, [
    '',
    `fatal section.csv: ${FILE_TRUNCATED.title} [FILE_TRUNCATED]`,
    `    -> ${FILE_TRUNCATED.remedy}`,
    '',
    `error student.csv, Username: ${REQUIRED_MISSING.title}: 12 rows [REQUIRED_MISSING]`,
    '    line 3: Username is empty\u{fffd}[2J.',
    '    line 5: Username is empty\u{fffd}[2J.',
    '    line 9: Username is empty\u{fffd}[2J.',
    `    -> ${REQUIRED_MISSING.remedy}`,
    '',
    `warning student.csv: ${ROW_DUPLICATE.title}: 2 rows [ROW_DUPLICATE]`,
    `    -> ${ROW_DUPLICATE.remedy}`,
  ]);
});
