import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Finding, FindingCount } from '../findings.ts';
import { type DependantCount, groupFindings } from './finding-groups.ts';

function count(
  code: FindingCount['code'],
  place: string,
  rowCount: number,
  severity: FindingCount['severity'],
): FindingCount {
  const [file = '', field = ''] = place.split(' ');
  return { code, file, field, rowCount, severity };
}

function found({ code, file, field, severity }: FindingCount, lines: readonly number[]): Finding[] {
  return lines.map((line) => ({
    code,
    file,
    severity,
    line,
    message: 'x',
    ...(field === '' ? {} : { field }),
  }));
}

function shown(
  counts: readonly FindingCount[],
  kept: readonly Finding[],
  exampleCount: number,
  dependants: readonly DependantCount[] = [],
): string[] {
  return groupFindings(counts, kept, dependants, exampleCount).flatMap(
    ({ severity, code, rowCount, places, ...group }) => [
      `${severity} ${code} ${rowCount}`,
      ...places.map(
        ({ file, field, rowCount: rows, examples }) =>
          `  ${file} ${field} ${rows}: ${examples.map(({ line }) => line).join(' ')}`,
      ),
      ...group.dependants.map(({ file, field, rowCount: rows }) => `  > ${file} ${field} ${rows}`),
    ],
  );
}

const students = count('REQUIRED_MISSING', 'student.csv Username', 9, 'error');
const teachers = count('REQUIRED_MISSING', 'teacher.csv Username', 2, 'error');
const long = count('VALUE_TOO_LONG', 'student.csv City', 50, 'warning');
const longIds = count('VALUE_TOO_LONG', 'section.csv Name', 10, 'error');
const waiting = count('REFERENCE_DROPPED', 'studentenrollment.csv SIS', 30, 'information');
const truncated = count('FILE_TRUNCATED', 'section.csv', 1, 'fatal');

test('groups: the worst first, then the most rows; one group for each severity of a code', () => {
  assert.deepEqual(shown([long, students, teachers, longIds, truncated], [], 0), [
    'fatal FILE_TRUNCATED 1',
    '  section.csv  1: ',
    'error REQUIRED_MISSING 11',
    '  student.csv Username 9: ',
    '  teacher.csv Username 2: ',
    'error VALUE_TOO_LONG 10',
    '  section.csv Name 10: ',
    'warning VALUE_TOO_LONG 50',
    '  student.csv City 50: ',
  ]);
});

const kept = [...found(students, [3, 4, 5, 6, 7, 8, 9, 10, 11]), ...found(teachers, [2, 5])];
const EXAMPLES: [number, string, string][] = [
  [0, '', ''],
  [1, '3', ''],
  [3, '3 4', '2'],
  [5, '3 4 5', '2 5'],
  [100, '3 4 5 6 7 8 9 10 11', '2 5'],
];
for (const [exampleCount, first, second] of EXAMPLES) {
  test(`groups: ${exampleCount} examples are dealt out in turns to the places of a group`, () => {
    assert.deepEqual(shown([teachers, students], kept, exampleCount), [
      'error REQUIRED_MISSING 11',
      `  student.csv Username 9: ${first}`,
      `  teacher.csv Username 2: ${second}`,
    ]);
  });
}

test('groups: rows that wait stand under the code that dropped what they name; the rest alone', () => {
  const place = { file: 'studentenrollment.csv', field: 'SIS' };
  assert.deepEqual(
    shown([students, waiting], [], 0, [
      { code: 'REQUIRED_MISSING', ...place, rowCount: 28 },
      { code: null, ...place, rowCount: 2 },
    ]),
    [
      'error REQUIRED_MISSING 9',
      '  student.csv Username 9: ',
      '  > studentenrollment.csv SIS 28',
      'information REFERENCE_DROPPED 2',
      '  studentenrollment.csv SIS 2: ',
    ],
  );
  assert.deepEqual(
    shown([students, waiting], [], 0, [{ code: 'REQUIRED_MISSING', ...place, rowCount: 30 }]).slice(2),
    ['  > studentenrollment.csv SIS 30'],
  );
});
