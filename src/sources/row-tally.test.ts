import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FindingCode, Severity } from '#core/findings.ts';
import { realSystem } from '#lib/system.ts';
import { testFolder } from '#test/helpers/roster-folder.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

import { RowTally } from './row-tally.ts';
import { filesOnDisk } from '#test/helpers/files-on-disk.ts';
import { validateFiles } from './validate.ts';

/** code, severity, file, line, field, value, source id */
type Observed = [FindingCode, Severity, string, number, string, string, string];

function tallyOf(observed: readonly Observed[], remembered?: number): RowTally {
  const tally = new RowTally(7, remembered);
  for (const [code, severity, file, line, field, value, sourceId] of observed)
    tally.observe({ code, file, field }, severity, { line, kind: 'x', value, sourceId, message: '' });
  return tally;
}

const missing = (file: string, line: number, id: string): Observed => [
  'REQUIRED_MISSING',
  'error',
  file,
  line,
  'Name',
  '',
  id,
];
const waits = (file: string, line: number, field: string, value: string, id = 'x'): Observed => [
  'REFERENCE_DROPPED',
  'information',
  file,
  line,
  field,
  value,
  id,
];
const invalid = (file: string, line: number, id: string): Observed => [
  'ID_INVALID',
  'error',
  file,
  line,
  'SIS ID',
  id,
  id,
];
const warned = (file: string, line: number): Observed => [
  'DATE_INVALID',
  'warning',
  file,
  line,
  'Date',
  'x',
  'x',
];

test('rows: each counts once, by the worst that was found in it', () => {
  const file = 'section.csv';
  const { files } = tallyOf([
    warned(file, 2),
    warned(file, 2),
    warned(file, 3),
    waits(file, 3, 'School SIS ID', 'S1'),
    warned(file, 4),
    missing(file, 4, 'C4'),
    waits(file, 5, 'School SIS ID', 'S1'),
    waits(file, 5, 'School SIS ID', 'S1'),
    warned(file, 6),
  ]).totals();
  assert.deepEqual(files, [{ file, warned: 2, waiting: 2 }]);
});

test('rows: a finding about a file or its header counts no row', () => {
  const tally = new RowTally(7);
  tally.observe({ code: 'HEADER_UNKNOWN', file: 'student.csv' }, 'warning', { line: 1, message: '' });
  assert.deepEqual(tally.totals().files, []);
});

const DEPENDANTS: [string, readonly Observed[], number | undefined, readonly string[]][] = [
  [
    'counted under the code of the record named',
    [
      missing('student.csv', 2, 'P1'),
      invalid('section.csv', 2, 'C1'),
      waits('studentenrollment.csv', 2, 'SIS ID', 'P1'),
      waits('studentenrollment.csv', 3, 'Section SIS ID', 'C1'),
      waits('studentenrollment.csv', 4, 'Section SIS ID', 'C1'),
    ],
    undefined,
    ['REQUIRED_MISSING studentenrollment.csv SIS ID 1', 'ID_INVALID studentenrollment.csv Section SIS ID 2'],
  ],
  [
    'followed to the record that was dropped first',
    [
      missing('school.csv', 2, 'S1'),
      waits('section.csv', 2, 'School SIS ID', 'S1', 'C1'),
      invalid('section.csv', 3, 'C2'),
      waits('teacherroster.csv', 2, 'Section SIS ID', 'C1'),
      waits('teacherroster.csv', 3, 'Section SIS ID', 'C2'),
    ],
    undefined,
    [
      'REQUIRED_MISSING section.csv School SIS ID 1',
      'REQUIRED_MISSING teacherroster.csv Section SIS ID 1',
      'ID_INVALID teacherroster.csv Section SIS ID 1',
    ],
  ],
  [
    'under the first error of a record',
    [
      missing('student.csv', 2, 'P1'),
      invalid('student.csv', 2, 'P1'),
      waits('studentenrollment.csv', 2, 'SIS ID', 'P1'),
    ],
    undefined,
    ['REQUIRED_MISSING studentenrollment.csv SIS ID 1'],
  ],
  [
    'under the only code there is, when records are not remembered any more',
    [
      missing('student.csv', 2, 'P1'),
      missing('student.csv', 3, 'P2'),
      waits('studentenrollment.csv', 2, 'SIS ID', 'P1'),
      waits('studentenrollment.csv', 3, 'SIS ID', 'P2'),
    ],
    1,
    ['REQUIRED_MISSING studentenrollment.csv SIS ID 2'],
  ],
  [
    'under no code, when it can be one of two',
    [
      missing('student.csv', 2, 'P1'),
      invalid('student.csv', 3, 'P2'),
      waits('studentenrollment.csv', 2, 'SIS ID', 'P1'),
      waits('studentenrollment.csv', 3, 'SIS ID', 'P2'),
    ],
    1,
    ['null studentenrollment.csv SIS ID 1', 'REQUIRED_MISSING studentenrollment.csv SIS ID 1'],
  ],
];
for (const [name, observed, remembered, expected] of DEPENDANTS) {
  test(`dependants: ${name}`, () => {
    const { dependants } = tallyOf(observed, remembered).totals();
    assert.deepEqual(
      dependants.map(({ code, file, field, rowCount }) => `${code} ${file} ${field} ${rowCount}`),
      expected,
    );
  });
}

test('validate: a school without a name takes its section along, and that its enrollments', async () => {
  const folder = await testFolder('export');
  try {
    await folder.write({
      'School.csv': 'SIS ID,Name\nS1,One\nS2,\n',
      'Section.csv': 'SIS ID,School SIS ID,Section Name\nC1,S1,Art\nC2,S2,Art\n',
      'Student.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nP1,S1,amy,A,B\nP2,S2,bo,C,D\n',
      'Teacher.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nT1,S1,kim,K,O\n',
      'StudentEnrollment.csv': 'Section SIS ID,SIS ID\nC1,P1\nC2,P1\nC2,P2\nC1,P1\n',
      'TeacherRoster.csv': 'Section SIS ID,SIS ID\nC2,T1\n',
    });
    const { rowTotals, result } = await validateFiles(
      await filesOnDisk(folder.path),
      CREATE_MAPPING,
      realSystem,
    );
    assert.deepEqual(
      rowTotals.dependants.map(({ code, file, rowCount }) => `${code} ${file} ${rowCount}`).toSorted(),
      [
        'REQUIRED_MISSING section.csv 1',
        'REQUIRED_MISSING student.csv 1',
        'REQUIRED_MISSING studentenrollment.csv 2',
        'REQUIRED_MISSING teacherroster.csv 1',
      ],
    );
    assert.deepEqual(
      rowTotals.files.filter(({ warned: count }) => count > 0),
      [{ file: 'studentenrollment.csv', warned: 1, waiting: 2 }],
    );
    assert.equal(
      result.files.reduce((sum, { badRows }) => sum + badRows, 0),
      1,
    );
  } finally {
    await folder.remove();
  }
});
