/** Broken rosters, and what must be found in each: README.md says how a case is written down. Needs no database. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';

import { FINDING_CODES } from '#core/findings.ts';
import { type CorpusCase, type ExpectedFinding, readCorpus } from './read-corpus.ts';
import { STAGERS, type StagedDrop } from './stage-drop.ts';

/** Small pieces, so that every row is cut somewhere. */
const PIECE_BYTES = 7;

const formats = await readCorpus();

for (const format of formats) {
  const stage = STAGERS[format.name];
  describe(`corpus of ${format.title}`, () => {
    test('this program reads the format', () => assert.ok(stage !== undefined));
    if (stage === undefined) return;
    for (const one of format.cases) {
      test(`${one.name}: ${one.title}`, async () => {
        const staged = await stage(one, format.base);
        const expected = one.findings.map(shown).toSorted();
        assert.deepEqual(shownFindings(staged, one), expected);
        const fatal = one.findings.some(({ severity }) => severity === 'fatal');
        assert.equal(staged.fatal, fatal, 'a fatal finding, and nothing else, stops the run');
        assert.deepEqual(
          Object.fromEntries(Object.keys(one.records).map((file) => [file, staged.recordsOf(file)])),
          one.records,
          'valid records',
        );
        assert.deepEqual(staged.ended, one.ended, 'records that end, and no others');
        assert.deepEqual(
          one.values.map(({ file, id, field }) => ({
            file,
            id,
            field,
            value: staged.valueOf(file, id, field),
          })),
          one.values,
        );
        for (const message of staged.messages) assert.match(message, /^\P{Cc}+\.$/u);
        if (Object.keys(one.generate).length > 0) return;
        const inPieces = await stage(one, format.base, PIECE_BYTES);
        assert.deepEqual(shownFindings(inPieces, one), expected, `in pieces of ${PIECE_BYTES} bytes`);
      });
    }

    test('each case has a purpose of its own', () => {
      for (const property of ['title', 'why'] as const)
        assert.deepEqual(repeated(format.cases.map((one) => one[property])), [], property);
      assert.deepEqual(repeated(format.cases.map(fingerprintOf)), [], 'same files and settings');
    });

    test('a case holds only what differs from the base', () => {
      const superfluous = format.cases.flatMap(({ name, ownFiles, without }) =>
        Object.entries(ownFiles).flatMap(([file, bytes]) =>
          !without.includes(file) &&
          format.base[file] !== undefined &&
          Buffer.from(bytes).equals(format.base[file])
            ? [`${name}/${file}`]
            : [],
        ),
      );
      assert.deepEqual(superfluous, []);
    });
  });
}

/** What comes of merging delta files into an earlier set: src/sources/csv/merge, test/scenarios/delta-files.test.ts. */
const OF_MERGING = ['FILE_DELTA', 'DELTA_SKIPPED', 'DELTA_CAUGHT_UP', 'ROW_OUTDATED'];
/** What is wrong with a zip is wrong with no roster in it: src/sources/zip/hostile-zips.test.ts. */
const OF_ROSTERS = Object.keys(FINDING_CODES).filter(
  (code) => !code.startsWith('ZIP_') && !OF_MERGING.includes(code),
);

test('each code has a case', () => {
  const met = new Set(
    formats.flatMap(({ cases }) => cases.flatMap(({ findings }) => findings.map(({ code }) => code))),
  );
  assert.deepEqual(
    OF_ROSTERS.filter((code) => !(met as ReadonlySet<string>).has(code)),
    [],
  );
});

type ShownFinding = Pick<ExpectedFinding, 'file' | 'code' | 'severity' | 'line' | 'field' | 'rows'>;

function shown({ file, line, code, severity, field, rows }: ShownFinding): string {
  const place = line === undefined ? file : `${file}:${String(line).padStart(3, '0')}`;
  return `${place} ${code} (${severity})${field === undefined ? '' : ` ${field}`}${rows === undefined ? '' : ` in ${rows} rows`}`;
}

/** One line for each finding, and one for all of a kind where the case gives their number. */
function shownFindings({ findings, counts }: StagedDrop, { findings: expected }: CorpusCase): string[] {
  const kindOf = ({ file, code, field }: Pick<ShownFinding, 'file' | 'code' | 'field'>): string =>
    [file, code, field ?? ''].join('\n');
  const summed = new Set(expected.filter(({ rows }) => rows !== undefined).map(kindOf));
  const lines: string[] = [];
  for (const count of counts) {
    const { file, code, severity, rowCount } = count;
    const kept = findings.filter((finding) => kindOf(finding) === kindOf(count));
    if (!summed.has(kindOf(count))) {
      lines.push(...kept.map(shown));
      if (kept.length !== rowCount) lines.push(`${file} ${code}: ${kept.length} of ${rowCount} are kept`);
      continue;
    }
    const first = kept.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))[0];
    const { line, field } = first ?? {};
    lines.push(shown({ file, code, severity, line, field, rows: rowCount }));
  }
  return lines.toSorted();
}

function repeated(texts: readonly string[]): string[] {
  return texts.filter((text, i) => texts.indexOf(text) !== i);
}

function fingerprintOf({ files, settings, after, confirmed }: CorpusCase): string {
  const hash = createHash('sha256').update(JSON.stringify({ settings, after, confirmed }));
  for (const [name, bytes] of Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\n${name} ${bytes.length}\n`).update(bytes);
  return hash.digest('hex');
}
