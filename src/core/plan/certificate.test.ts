import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type CertifiedFile,
  certify,
  type CertifyInput,
  describeUnproven,
  type Proof,
} from './certificate.ts';

const LIMIT = { percent: 10, count: 25 };

function fileOf(rows: number, recordsBefore: number, inManifest = false): CertifiedFile {
  return {
    file: 'student.csv',
    sizeBytes: 100,
    sha256: 'a'.repeat(64),
    rows,
    badRows: 0,
    recordsBefore,
    inManifest,
  };
}

const certified = (
  file: CertifiedFile,
  { earlier, ...more }: Partial<CertifyInput> & { earlier?: number } = {},
): ReturnType<typeof certify> =>
  certify({
    rosterHash: 'roster',
    files: [file],
    confirmedFiles: [],
    earlierRows: new Map(earlier === undefined ? [] : [['student.csv', earlier]]),
    limit: LIMIT,
    accepted: false,
    ...more,
  });

const cases: readonly [
  name: string,
  file: CertifiedFile,
  more: Parameters<typeof certified>[1],
  proof: Proof | null,
][] = [
  ['nothing was known before: nothing can be missing', fileOf(3, 0), {}, 'firstSet'],
  ['as many rows as before', fileOf(1_000, 1_000), {}, 'floor'],
  ['more rows than before', fileOf(1_200, 1_000), {}, 'floor'],
  ['exactly at the floor', fileOf(900, 1_000), {}, 'floor'],
  ['one row below the floor', fileOf(899, 1_000), {}, null],
  ['a village: 25 of 60 may be missing, by count', fileOf(35, 60), {}, 'floor'],
  ['a village: 26 may not', fileOf(34, 60), {}, null],
  ['a file that never had more than the count', fileOf(1, 25), {}, 'floor'],
  ['a state: a tenth of eight million', fileOf(7_200_000, 8_000_000), {}, 'floor'],
  ['a state: one more', fileOf(7_199_999, 8_000_000), {}, null],
  ['the percentage is rounded down: 100 of 1009', fileOf(909, 1_009), {}, 'floor'],
  ['the percentage is rounded down: not 101', fileOf(908, 1_009), {}, null],
  ['a strict limit: not one row fewer', fileOf(59, 60), { limit: { percent: 0, count: 0 } }, null],
  ['the sender counted', fileOf(10, 1_000, true), {}, 'manifest'],
  ['an administrator accepted this roster', fileOf(10, 1_000), { accepted: true }, 'accepted'],
  [
    'an administrator named the file',
    fileOf(0, 1_000),
    { confirmedFiles: ['student.csv'] },
    'confirmedByName',
  ],
  ['an administrator named another file', fileOf(10, 1_000), { confirmedFiles: ['section.csv'] }, null],
  ['an earlier upload was as short', fileOf(500, 1_000), { earlier: 500 }, 'confirmedTwice'],
  ['an earlier upload was about as short', fileOf(500, 1_000), { earlier: 540 }, 'confirmedTwice'],
  ['both were short, and far from each other', fileOf(500, 1_000), { earlier: 700 }, null],
  ['an ever shorter file confirms nothing', fileOf(300, 1_000), { earlier: 500 }, null],
  ['an earlier upload that was whole', fileOf(500, 1_000), { earlier: 1_000 }, null],
  ['an earlier upload just above the floor was whole', fileOf(880, 1_000), { earlier: 900 }, null],
  ['an earlier upload without rows confirms no other', fileOf(100, 1_000), { earlier: 0 }, null],
];
for (const [name, file, more, proof] of cases)
  test(`certificate: ${name}`, () => {
    const certificate = certified(file, more);
    assert.equal(certificate.files[0]?.proof, proof);
    assert.equal(certificate.complete, proof !== null);
  });

test('certificate: one file without proof makes the whole incomplete; each file is judged by itself', () => {
  const { complete, files } = certify({
    rosterHash: 'roster',
    files: [fileOf(1_000, 1_000), { ...fileOf(500, 1_000), file: 'studentenrollment.csv' }],
    confirmedFiles: [],
    // The earlier upload was short of another file.
    earlierRows: new Map([['student.csv', 500]]),
    limit: LIMIT,
    accepted: false,
  });
  assert.equal(complete, false);
  assert.deepEqual(
    files.map(({ file, floor, proof }) => [file, floor, proof]),
    [
      ['student.csv', 900, 'floor'],
      ['studentenrollment.csv', 900, null],
    ],
  );
});

test('certificate: what is kept says how many rows were read, known and wanted, and says it to people', () => {
  const [file] = certified({ ...fileOf(500, 1_000), badRows: 2 }).files;
  assert.deepEqual(file, {
    file: 'student.csv',
    sizeBytes: 100,
    sha256: 'a'.repeat(64),
    rows: 500,
    badRows: 2,
    recordsBefore: 1_000,
    floor: 900,
    proof: null,
  });
  assert.match(describeUnproven(file), /^student\.csv has 500 rows where 1000 records were known/u);
});
