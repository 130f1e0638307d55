import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { constants, deflateRawSync } from 'node:zlib';

import type { UploadedFile } from '#sources/contract.ts';
import { FindingCollector } from '#sources/finding-collector.ts';
import { openRoster } from '#sources/open-roster.ts';
import { makeZip, type MadeEntry } from '#test/helpers/make-zip.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Blocks of a deflate stream that depend on nothing before them can be repeated at will. */
function bombOf(plainBytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(MIB, 'a,b\n'), { finishFlush: constants.Z_FULL_FLUSH });
  const end = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([...Array.from({ length: plainBytes / MIB }, () => block), end]);
}

const good = csvFiles(smallRoster());
const withBomb = (bomb: MadeEntry): Buffer =>
  makeZip([
    ...Object.entries(good)
      .filter(([path]) => path !== bomb.path)
      .map(([path, content]) => ({ path, content })),
    { zip64: true, ...bomb },
  ]);

describe('10 GiB in a zip', () => {
  const packed = bombOf(10 * GIB);
  const BOMBS: [name: string, bomb: MadeEntry, findings: string[]][] = [
    [
      'that says so',
      { path: 'Student.csv', packed, sizeBytes: 10 * GIB },
      ['ZIP_TOO_LARGE student.csv (fatal)', 'ZIP_TOO_LARGE a.zip (fatal)'],
    ],
    [
      'that states what may be, but for its ratio',
      { path: 'Student.csv', packed, sizeBytes: 4 * GIB },
      ['ZIP_TOO_LARGE student.csv (fatal)'],
    ],
    [
      'that states little',
      { path: 'Student.csv', packed, sizeBytes: 1000 },
      ['ZIP_TOO_LARGE student.csv (fatal)'],
    ],
    [
      'that states as much as its ratio lets it',
      { path: 'Student.csv', packed, sizeBytes: packed.length * 200 },
      ['ZIP_TOO_LARGE student.csv (fatal)'],
    ],
    [
      'in place of the manifest',
      { path: 'manifest.json', packed, sizeBytes: 1000 },
      ['ZIP_TOO_LARGE manifest.json (fatal)'],
    ],
  ];
  for (const [name, bomb, expected] of BOMBS)
    test(name, async () => {
      const zip = withBomb(bomb);
      const rssBefore = process.memoryUsage().rss;
      let rssMost = rssBefore;
      const watch = setInterval(() => (rssMost = Math.max(rssMost, process.memoryUsage().rss)), 5);
      const startMs = performance.now();
      const { findings, result } = await stageFiles({ 'a.zip': zip });
      const tookMs = performance.now() - startMs;
      clearInterval(watch);
      assert.deepEqual(
        shownFindings(findings).filter((finding) => finding.startsWith('ZIP_')),
        expected,
      );
      assert.equal(result.fatal, true);
      assert.equal(result.itemCount, 0);
      const grewMib = Math.round((rssMost - rssBefore) / MIB);
      assert.ok(grewMib < 200, `${grewMib} MiB`);
      assert.ok(tookMs < 5_000, `${Math.round(tookMs)} ms`);
    });
});

test('after a fault no file gives a byte, and what was opened is closed', async () => {
  const bomb = { packed: bombOf(30 * MIB), sizeBytes: 5 * MIB };
  const zip = makeZip([
    { path: 'School.csv', ...bomb },
    { path: 'Student.csv', ...bomb },
  ]);
  let open = 0;
  const file: UploadedFile = {
    name: 'a.zip',
    sizeBytes: zip.length,
    // oxlint-disable-next-line typescript/require-await
    async *read(range) {
      open += 1;
      try {
        const from = range?.start ?? 0;
        const to = range === undefined ? zip.length : from + range.sizeBytes;
        for (let at = from; at < to; at += 1000) yield zip.subarray(at, Math.min(at + 1000, to));
      } finally {
        open -= 1;
      }
    },
  };
  const findings = new FindingCollector();
  const { files } = await openRoster([file], findings);
  let readBytes = 0;
  for (const one of files) for await (const chunk of one.open()) readBytes += chunk.length;
  assert.deepEqual(shownFindings(findings.kept), ['ZIP_TOO_LARGE school.csv (fatal)']);
  assert.ok(readBytes <= 5 * MIB, String(readBytes));
  await setImmediate();
  assert.equal(open, 0);
});
