import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';

import { makeZip, type MadeEntry, zipOf } from '#test/helpers/make-zip.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import type { UploadedFile } from './contract.ts';
import { FindingCollector } from './finding-collector.ts';
import { openRoster } from './open-roster.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

const good = csvFiles(smallRoster());
const goodEntries = Object.entries(good).map(([path, content]): MadeEntry => ({ path, content }));
const student = good['Student.csv'] ?? '';
const others = goodEntries.filter(({ path }) => path !== 'Student.csv');
const withMore = (...more: MadeEntry[]): Buffer => makeZip([...goodEntries, ...more]);
const manifest = JSON.stringify({ files: [{ name: 'Student.csv', rows: 24 }] });

const TAKEN: [name: string, files: Files, findings?: string[]][] = [
  ['as archivers make it', { 'Roster.ZIP': zipOf(good) }],
  ['stored', { 'a.zip': makeZip(goodEntries.map((entry) => ({ ...entry, store: true }))) }],
  ['streamed', { 'a.zip': makeZip(goodEntries.map((entry) => ({ ...entry, streamed: true }))) }],
  [
    'in 64 bits',
    {
      'a.zip': makeZip(
        goodEntries.map((entry) => ({ ...entry, zip64: true })),
        { zip64: true },
      ),
    },
  ],
  ['whose directory has another order', { 'a.zip': makeZip(goodEntries, { isReversed: true }) }],
  ['with a comment', { 'a.zip': makeZip(goodEntries, { comment: 'Export of Monday' }) }],
  ['in one folder', { 'a.zip': zipOf(good, 'export/') }, ['ZIP_FOLDER a.zip (information)']],
  [
    'in one folder that has an entry, with what archivers add',
    {
      'a.zip': makeZip([
        { path: 'export/', store: true, mode: 0o040755 },
        ...Object.entries(good).map(([name, content]) => ({
          path: `export/${name}`,
          content,
          mode: 0o100644,
        })),
        { path: '__MACOSX/export/._Student.csv', content: 'x' },
        { path: 'export/.DS_Store', content: 'x' },
        { path: 'export/Thumbs.db', content: 'x' },
      ]),
    },
    ['ZIP_FOLDER a.zip (information)'],
  ],
  [
    'with what archivers add beside the files',
    {
      'a.zip': withMore(
        { path: '__MACOSX/', store: true },
        { path: '__MACOSX/._School.csv', content: 'x' },
        { path: '.DS_Store', content: 'x' },
        { path: 'desktop.ini', content: 'x' },
      ),
    },
  ],
  ['with the manifest in it', { 'a.zip': withMore({ path: 'manifest.json', content: manifest }) }],
  ['with the manifest beside it', { 'a.zip': zipOf(good), 'manifest.json': manifest }],
  ['with some files loose', { 'a.zip': makeZip(others), 'Student.csv': student }],
];

describe('a zip is read like loose files', async () => {
  const loose = await stageFiles(good);
  for (const [name, files, findings = []] of TAKEN)
    test(name, async () => {
      const zipped = await stageFiles(files, { chunkBytes: 1000 });
      assert.deepEqual(shownFindings(zipped.findings), findings);
      assert.deepEqual(shown(zipped.items), shown(loose.items));
      assert.equal(zipped.result.rosterHash, loose.result.rosterHash);
    });

  test('it is summarized as it was received, and its files by their own names', async () => {
    const bytes = zipOf(good, 'export/');
    const { result } = await stageFiles({ 'Roster.ZIP': bytes });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(result.archives, [{ file: 'roster.zip', sizeBytes: bytes.length, sha256 }]);
    assert.deepEqual(
      result.files.map(({ archive, ...file }) => ({ archive, ...file })),
      loose.result.files.map((file) => ({ ...file, archive: 'roster.zip' })),
    );
  });

  test('findings and confirmations name the files in it', async () => {
    const noTeachers = { ...good, 'TeacherRoster.csv': 'Section SIS ID,SIS ID\r\n' };
    const after = await stageFiles({ 'a.zip': zipOf(good) });
    const held = await stageFiles({ 'a.zip': zipOf(noTeachers) }, { after });
    assert.deepEqual(shownFindings(held.findings), ['FILE_EMPTY_HAD_ROWS teacherroster.csv (fatal)']);
    assert.deepEqual(held.result.filesToConfirm, ['teacherroster.csv']);
    const confirmed = await stageFiles(
      { 'a.zip': zipOf(noTeachers) },
      { after, confirmedFiles: ['teacherroster.csv'] },
    );
    assert.equal(confirmed.result.fatal, false);
  });
});

test('bytes that cannot be had are no fault of the zip: who reads it is to come back', async () => {
  const bytes = zipOf(good);
  const away = new Error('the storage is away');
  let isAway = false;
  const archive: UploadedFile = {
    name: 'a.zip',
    sizeBytes: bytes.length,
    // oxlint-disable-next-line typescript/require-await
    async *read(range) {
      if (isAway && range !== undefined) throw away;
      yield range === undefined ? bytes : bytes.subarray(range.start, range.start + range.sizeBytes);
    },
  };
  const findings = new FindingCollector();
  const { files } = await openRoster([archive], findings);
  isAway = true;
  const [file] = files;
  assert.ok(file);
  await assert.rejects(async () => {
    for await (const _ of file.open());
  }, away);
  await assert.rejects(openRoster([archive], findings), away);
  assert.deepEqual(findings.kept, []);
});
