import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { FINDING_CODES } from '#core/findings.ts';
import { makeZip, type MadeEntry, zipOf } from '#test/helpers/make-zip.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { DEFAULT_ZIP_LIMITS } from './zip-entry.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

const good = csvFiles(smallRoster());
const goodEntries = Object.entries(good).map(([path, content]): MadeEntry => ({ path, content }));
const student = good['Student.csv'] ?? '';
const others = goodEntries.filter(({ path }) => path !== 'Student.csv');
const withStudent = (entry: Partial<MadeEntry>): Buffer =>
  makeZip([...others, { path: 'Student.csv', content: student, ...entry }]);
const withMore = (...more: MadeEntry[]): Buffer => makeZip([...goodEntries, ...more]);
const manifest = JSON.stringify({ files: [{ name: 'Student.csv', rows: 24 }] });

const LIMITS = { ...DEFAULT_ZIP_LIMITS, maxEntries: 20, maxFileBytes: 100_000, maxTotalBytes: 150_000 };
const zeros = Buffer.alloc(60_000);

const HOSTILE: [name: string, files: Files, findings: string[]][] = [
  ['no zip at all', { 'a.zip': '<html>Sign in</html>' }, ['ZIP_DAMAGED a.zip']],
  ['without a byte', { 'a.zip': '' }, ['ZIP_DAMAGED a.zip']],
  ['cut off', { 'a.zip': zipOf(good).subarray(0, -60) }, ['ZIP_DAMAGED a.zip']],
  ['cut off at its start', { 'a.zip': zipOf(good).subarray(7) }, ['ZIP_DAMAGED a.zip']],
  ['with something behind its end', { 'a.zip': Buffer.concat([zipOf(good), zeros]) }, ['ZIP_DAMAGED a.zip']],
  ['without an entry', { 'a.zip': makeZip([]) }, ['ZIP_EMPTY a.zip']],
  ['with nothing but junk', { 'a.zip': zipOf({ '.DS_Store': 'x' }) }, ['ZIP_EMPTY a.zip']],
  [
    'with an empty folder alone',
    { 'a.zip': makeZip([{ path: 'export/', store: true }]) },
    ['ZIP_EMPTY a.zip'],
  ],
  ['with a wrong checksum', { 'a.zip': withStudent({ crc: 7 }) }, ['ZIP_DAMAGED student.csv']],
  [
    'with a wrong checksum, stored',
    { 'a.zip': withStudent({ crc: 7, store: true }) },
    ['ZIP_DAMAGED student.csv'],
  ],
  [
    'with bytes that do not inflate',
    { 'a.zip': withStudent({ packed: Buffer.from('Hello, this is no deflate stream') }) },
    ['ZIP_DAMAGED student.csv'],
  ],
  [
    'with a stream that ends early',
    { 'a.zip': withStudent({ packed: packed(student).subarray(0, -9) }) },
    ['ZIP_DAMAGED student.csv'],
  ],
  [
    'with bytes behind a stream',
    { 'a.zip': withStudent({ packed: Buffer.concat([packed(student), zeros.subarray(0, 9)]) }) },
    ['ZIP_DAMAGED student.csv'],
  ],
  [
    'with a file shorter than stated',
    { 'a.zip': withStudent({ sizeBytes: 99_999 }) },
    ['ZIP_DAMAGED student.csv'],
  ],
  [
    'with a file longer than stated',
    { 'a.zip': withStudent({ sizeBytes: 9 }) },
    ['ZIP_TOO_LARGE student.csv'],
  ],
  [
    'with a file longer than is taken',
    { 'a.zip': withStudent({ content: Buffer.alloc(100_001) }) },
    ['ZIP_TOO_LARGE student.csv'],
  ],
  [
    'with more in all than is taken',
    {
      'a.zip': makeZip(
        ['School.csv', 'Section.csv', 'Student.csv'].map((path) => ({ path, content: zeros })),
      ),
    },
    ['ZIP_TOO_LARGE a.zip'],
  ],
  [
    'with too many entries',
    { 'a.zip': withMore(...Array.from({ length: 15 }, (_, n) => ({ path: `${n}.csv`, content: 'x' }))) },
    ['ZIP_TOO_MANY_ENTRIES a.zip'],
  ],
  [
    'with more entries than it states',
    { 'a.zip': makeZip(goodEntries, { entryCount: 5 }) },
    ['ZIP_DAMAGED a.zip'],
  ],
  [
    'with fewer entries than it states',
    { 'a.zip': makeZip(goodEntries, { entryCount: 7 }) },
    ['ZIP_DAMAGED a.zip'],
  ],
  [
    'with two entries of the same bytes',
    {
      'a.zip': makeZip([
        ...goodEntries,
        { path: 'School.csv', content: good['School.csv'] ?? '', sameAs: 0 },
      ]),
    },
    ['ZIP_OVERLAP a.zip'],
  ],
  [
    'with a header that contradicts the directory',
    { 'a.zip': withStudent({ localPath: 'teacher.csv' }) },
    ['ZIP_DAMAGED a.zip'],
  ],
  ['with another method in its header', { 'a.zip': withStudent({ localMethod: 0 }) }, ['ZIP_DAMAGED a.zip']],
  [
    'with a password of which its header alone tells',
    { 'a.zip': withStudent({ localFlags: 1 }) },
    ['ZIP_DAMAGED a.zip'],
  ],
  ['with strong encryption', { 'a.zip': withStudent({ flags: 0x41 }) }, ['ZIP_ENCRYPTED a.zip']],
  ['with a password', { 'a.zip': withStudent({ flags: 1 }) }, ['ZIP_ENCRYPTED student.csv']],
  [
    'compressed by another method',
    { 'a.zip': withStudent({ method: 12 }) },
    ['ZIP_METHOD_UNSUPPORTED student.csv'],
  ],
  [
    'with a zip in it',
    { 'a.zip': withMore({ path: 'old.zip', content: zipOf(good) }) },
    ['ZIP_NESTED old.zip'],
  ],
  ['with another archive in it', { 'a.zip': zipOf({ 'export.tar.gz': 'x' }) }, ['ZIP_NESTED export.tar.gz']],
  [
    'with a zip under the name of a roster file',
    { 'a.zip': withStudent({ content: zipOf(good) }) },
    ['ENCODING_NOT_UTF8 student.csv:1'],
  ],
  [
    'with a link',
    { 'a.zip': withStudent({ content: '/etc/passwd', mode: 0o120777 }) },
    ['ZIP_ENTRY_UNSUPPORTED student.csv'],
  ],
  [
    'with a link, as macOS makes it',
    { 'a.zip': withStudent({ content: '/etc/passwd', mode: 0o120777, madeOn: 19 }) },
    ['ZIP_ENTRY_UNSUPPORTED student.csv'],
  ],
  [
    'with a link under the name of a folder',
    { 'a.zip': makeZip([{ path: 'x/', store: true, mode: 0o120777 }]) },
    ['ZIP_ENTRY_UNSUPPORTED x'],
  ],
  [
    'with a folder that holds bytes',
    { 'a.zip': makeZip([{ path: 'x/', content: 'x' }]) },
    ['ZIP_ENTRY_UNSUPPORTED x'],
  ],
  ...[
    ['climbs', '../student.csv'],
    ['climbs from a folder', 'a/../../student.csv'],
    ['is absolute', '/student.csv'],
    ['is on a drive', 'C:student.csv'],
    ['holds a NUL', 'student.csv\0.txt'],
    ['holds a backslash', 'export\\student.csv'],
    ['holds a line break', 'student\n.csv'],
    ['names no folder', './student.csv'],
    ['has an empty folder', 'a//student.csv'],
    ['is empty', ''],
    ['is endless', `${'x'.repeat(600)}.csv`],
    ['cannot be shown', 'student\u202e.csv'],
  ].map(([what = '', path = '']): [string, Files, string[]] => [
    `with a name that ${what}`,
    { 'a.zip': withMore({ path, content: 'x' }) },
    ['ZIP_NAME_INVALID a.zip'],
  ]),
  [
    'with two folders',
    { 'a.zip': makeZip([{ path: 'a/School.csv' }, { path: 'b/Student.csv' }]) },
    ['ZIP_FOLDERS a.zip'],
  ],
  ['with a folder in a folder', { 'a.zip': zipOf(good, 'a/b/') }, ['ZIP_FOLDERS a.zip']],
  [
    'with a folder beside files',
    { 'a.zip': withMore({ path: 'old/x.csv', content: 'x' }) },
    ['ZIP_FOLDERS a.zip'],
  ],
  [
    'with an empty folder beside files',
    { 'a.zip': withMore({ path: 'old/', store: true }) },
    ['ZIP_FOLDERS a.zip'],
  ],
  [
    'with a file twice',
    { 'a.zip': withMore({ path: 'STUDENT.csv', content: 'x' }) },
    ['FILE_DUPLICATE student.csv'],
  ],
  [
    'with a file that is loose, too',
    { 'a.zip': zipOf(good), 'STUDENT.CSV': student },
    ['FILE_DUPLICATE student.csv'],
  ],
  ['beside another', { 'a.zip': zipOf(good), 'b.zip': zipOf(good) }, ['ZIP_SEVERAL a.zip']],
  [
    'with another file',
    { 'a.zip': withMore({ path: 'notes.txt', content: 'x' }) },
    ['FILE_UNKNOWN notes.txt'],
  ],
  [
    'with a broken manifest in it',
    { 'a.zip': withMore({ path: 'manifest.json', content: manifest, crc: 1 }) },
    ['ZIP_DAMAGED manifest.json'],
  ],
];

describe('a zip is refused', () => {
  for (const [name, files, findings] of HOSTILE)
    test(name, async () => {
      const { findings: found, result, items } = await stageFiles(files, { zipLimits: LIMITS });
      const fatal = found.filter(({ severity }) => severity === 'fatal');
      assert.deepEqual(
        shownFindings(fatal),
        findings.map((finding) => `${finding} (fatal)`),
      );
      assert.equal(result.fatal, true);
      assert.equal(result.itemCount, 0);
      // What was read before a fault that shows only then is not kept.
      if (result.files.length === 0) assert.deepEqual(items, []);
    });
});

test('as many entries as are taken, what archivers add included', async () => {
  const junk = Array.from({ length: LIMITS.maxEntries - goodEntries.length }, (_, n) => ({
    path: `__MACOSX/${n}`,
  }));
  const { findings } = await stageFiles({ 'a.zip': withMore(...junk) }, { zipLimits: LIMITS });
  assert.deepEqual(findings, []);
});

test('whatever bytes are changed: the same roster, or a fatal finding', async () => {
  const zip = makeZip([
    { path: 'x/', store: true },
    ...goodEntries.map((entry) => ({ ...entry, path: `x/${String(entry.path)}` })),
  ]);
  const { result: whole } = await stageFiles({ 'a.zip': zip });
  const places = fc.array(fc.tuple(fc.nat(zip.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  // Most bytes are compressed ones; the structure is at the end.
  const atTheEnd = fc.array(
    fc.tuple(fc.integer({ min: zip.length - 700, max: zip.length - 1 }), fc.nat(255)),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(places, atTheEnd), fc.nat(60), async (changes, cut) => {
      const changed = Buffer.from(zip.subarray(0, cut > 40 ? zip.length - cut : zip.length));
      for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
      const { result } = await stageFiles({ 'a.zip': changed });
      assert.ok(result.fatal || result.rosterHash === whole.rosterHash);
    }),
    { numRuns: 300 },
  );
});

test('there is a case for every code of zips; open-roster.test.ts has the one that is no fault', () => {
  const met = new Set(HOSTILE.flatMap(([, , findings]) => findings.map((finding) => finding.split(' ')[0])));
  const codes = Object.keys(FINDING_CODES).filter((code) => code.startsWith('ZIP_'));
  assert.deepEqual(
    codes.filter((code) => !met.has(code)),
    ['ZIP_FOLDER'],
  );
});

/** The compressed bytes alone. */
function packed(text: string): Buffer {
  const zip = makeZip([{ path: 'x', content: text }]);
  return zip.subarray(31, zip.length - 22 - 47);
}
