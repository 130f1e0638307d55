import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type CertifiedFile,
  certify,
  type CertifyInput,
  type EarlierFile,
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
    endsInBreak: true,
    recordsBefore,
    inManifest,
  };
}

const openEnded = (file: CertifiedFile): CertifiedFile => ({ ...file, endsInBreak: false });
const earlierFile = (rows: number, endsInBreak: boolean | null = true): EarlierFile => ({
  rows,
  endsInBreak,
});
const ENDED_IN_BREAK = { endedInBreak: new Set(['student.csv']) };

const certified = (
  file: CertifiedFile,
  {
    earlier,
    ...more
  }: Partial<Omit<CertifyInput, 'earlier'>> & { earlier?: EarlierFile | readonly EarlierFile[] } = {},
): ReturnType<typeof certify> =>
  certify({
    rosterHash: 'roster',
    files: [file],
    confirmedFiles: [],
    earlier: new Map(earlier === undefined ? [] : [['student.csv', [earlier].flat()]]),
    endedInBreak: new Set(),
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
  ['an earlier upload was as short', fileOf(500, 1_000), { earlier: earlierFile(500) }, 'confirmedTwice'],
  [
    'an earlier upload was about as short',
    fileOf(500, 1_000),
    { earlier: earlierFile(540) },
    'confirmedTwice',
  ],
  [
    'just as far apart as may go unasked',
    fileOf(540, 1_000),
    { earlier: earlierFile(600) },
    'confirmedTwice',
  ],
  ['one row farther apart', fileOf(539, 1_000), { earlier: earlierFile(600) }, null],
  ['both were short, and far from each other', fileOf(500, 1_000), { earlier: earlierFile(700) }, null],
  ['an ever shorter file confirms nothing', fileOf(300, 1_000), { earlier: earlierFile(500) }, null],
  [
    'two that were as short',
    fileOf(500, 1_000),
    { earlier: [earlierFile(500), earlierFile(510)] },
    'confirmedTwice',
  ],
  ['a whole one came between', fileOf(500, 1_000), { earlier: [earlierFile(500), earlierFile(1_000)] }, null],
  ['an earlier upload that was whole', fileOf(500, 1_000), { earlier: earlierFile(1_000) }, null],
  [
    'an earlier upload just above the floor was whole',
    fileOf(880, 1_000),
    { earlier: earlierFile(900) },
    null,
  ],
  ['an earlier upload without rows confirms no other', fileOf(100, 1_000), { earlier: earlierFile(0) }, null],
  ['it never ended in a line break', openEnded(fileOf(1_000, 1_000)), {}, 'floor'],
  ['it ended in a line break, and does not now', openEnded(fileOf(1_000, 1_000)), ENDED_IN_BREAK, null],
  [
    'another file ended in a line break',
    openEnded(fileOf(1_000, 1_000)),
    { endedInBreak: new Set(['section.csv']) },
    'floor',
  ],
  [
    'how a merged set ends says nothing',
    { ...fileOf(1_000, 1_000), endsInBreak: null },
    ENDED_IN_BREAK,
    'floor',
  ],
  [
    'without a line break in an earlier upload, too: that is how the sender ends it now',
    openEnded(fileOf(1_000, 1_000)),
    { ...ENDED_IN_BREAK, earlier: earlierFile(1_000, false) },
    'confirmedTwice',
  ],
  [
    'the earlier upload had its line break',
    openEnded(fileOf(1_000, 1_000)),
    { ...ENDED_IN_BREAK, earlier: earlierFile(1_000) },
    null,
  ],
  [
    'both without a line break, and far from each other in length',
    openEnded(fileOf(1_000, 1_000)),
    { ...ENDED_IN_BREAK, earlier: earlierFile(1_200, false) },
    null,
  ],
  [
    'short and without its line break: an earlier one that was as short and ended well confirms nothing',
    openEnded(fileOf(500, 1_000)),
    { ...ENDED_IN_BREAK, earlier: earlierFile(500) },
    null,
  ],
  [
    'without its line break, and accepted',
    openEnded(fileOf(1_000, 1_000)),
    { ...ENDED_IN_BREAK, accepted: true },
    'accepted',
  ],
  [
    'the sender counted the rows of a file without its line break',
    openEnded(fileOf(1_000, 1_000, true)),
    ENDED_IN_BREAK,
    'manifest',
  ],
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
    earlier: new Map([['student.csv', [earlierFile(500)]]]),
    endedInBreak: new Set(),
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
    endsInBreak: true,
    mayBeCut: false,
    recordsBefore: 1_000,
    floor: 900,
    proof: null,
  });
  assert.match(describeUnproven(file), /^student\.csv has 500 rows where 1000 records were known/u);
  const [cut] = certified(openEnded(fileOf(1_000, 1_000)), ENDED_IN_BREAK).files;
  assert.ok(cut);
  assert.deepEqual([cut.mayBeCut, cut.proof], [true, null]);
  assert.match(describeUnproven(cut), /^student\.csv ends without a line break where it always had one/u);
  const [both] = certified(openEnded(fileOf(899, 1_000)), ENDED_IN_BREAK).files;
  assert.ok(both);
  assert.match(describeUnproven(both), /^student\.csv has 899 rows/u, 'the greater lack is told');
});
