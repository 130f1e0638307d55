/**
 * With the help of threads and without it, and with the records in memory and on a disk, reading a roster comes to the same: items, findings, counts,
 * the snapshot. Rosters of every format and every case of the corpus, compared with the time before; and rosters that were damaged at random.
 * ROLLBOOK_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';

import { ROSTER_FORMATS } from '#core/roster/formats.ts';
import { RECORD_WORDS } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';
import { DigestThreads } from '#sources/csv/threads/digest-threads.ts';
import type { DigestedLines, DigestLines } from '#sources/csv/threads/row-digest.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';
import { type StagedFiles, stageFiles, type StageFilesOptions } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { makeFiles } from './format-rosters.ts';
import { type Files, readCorpus } from './read-corpus.ts';
import { toMapping } from './stage-drop.ts';

const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
const DAMAGED_ROSTERS = 60;
/** Pieces of some rows. */
const PIECE_BYTES = 400;
const CHUNK_BYTES = 150;

class CountingThreads extends DigestThreads {
  asked = 0;

  override async digest(lines: Omit<DigestLines, 'type'>): Promise<DigestedLines> {
    this.asked += 1;
    return super.digest(lines);
  }
}

const threads = new CountingThreads(2);
after(() => threads.close());
/** In files without a name. */
const recordsOnDiskIn = tmpdir();
const digest = { threads, leastBytes: 0, linesBytes: PIECE_BYTES };

/** What a stage comes to; times left out. */
function outcomeOf({ result, items, findings, next }: StagedFiles): unknown {
  const { timings: _, ...rest } = result;
  // Where a file stops being text, as many rows were taken as lay in pieces before it.
  if (result.fatal) return { findings, items };
  return { result: rest, items, findings, snapshot: [...next.words.subarray(0, next.size * RECORD_WORDS)] };
}

async function compare(files: Files | Record<string, string>, options: StageFilesOptions): Promise<void> {
  const alone = await stageFiles(files, { ...options, chunkBytes: CHUNK_BYTES });
  const wanted = outcomeOf(alone);
  const helped = await stageFiles(files, { ...options, chunkBytes: CHUNK_BYTES, digest });
  assert.deepEqual(outcomeOf(helped), wanted, 'threads');
  const onDisk = await stageFiles(files, { ...options, recordsOnDiskIn });
  assert.deepEqual(outcomeOf(onDisk), wanted, 'records on disk');
  const both = await stageFiles(files, { ...options, chunkBytes: CHUNK_BYTES, digest, recordsOnDiskIn });
  assert.deepEqual(outcomeOf(both), wanted, 'threads, and records on disk');
}

for (const { name, title, base, cases } of await readCorpus())
  test(`${title}: every case, twice`, async () => {
    for (const { files, settings, confirmed, generate } of cases) {
      // Those are large, and of few different rows.
      if (Object.keys(generate).length > 0) continue;
      const options = {
        format: must(ROSTER_FORMATS.find((format) => format === name)),
        mapping: toMapping(settings),
      };
      for (const before of [base, files]) {
        const { next, fingerprint } = await stageFiles(before, options);
        await compare(files, { ...options, after: { next, fingerprint }, confirmedFiles: confirmed });
      }
    }
  });

for (const format of ROSTER_FORMATS)
  test(`${format}: rosters damaged at random (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    const pick = (below: number): number => Math.floor(random() * below);
    const whole = makeFiles(format, { schools: 3, sections: 12, students: 150, teachers: 9 });
    const before = await stageFiles(whole, { format });
    const asked = threads.asked;
    await compare(whole, { format, after: before });
    assert.ok(threads.asked > asked, 'the threads were asked');
    for (let roster = 0; roster < DAMAGED_ROSTERS; roster += 1) {
      const damaged: Record<string, string> = { ...whole };
      for (let times = 1 + pick(6); times > 0; times -= 1) {
        const name = must(Object.keys(damaged)[pick(Object.keys(damaged).length)]);
        damaged[name] = damage(must(damaged[name]), pick);
      }
      await compare(damaged, { format, after: before });
    }
  });

test('oneroster-1.1: classes that are told apart by their session have keys of their own', async () => {
  const format = 'oneroster-1.1';
  const mapping = { ...CREATE_MAPPING, classAnchor: 'idAndSession' } as const;
  const whole = makeFiles(format, { schools: 3, sections: 12, students: 150, teachers: 9 });
  // In the snapshot are classes by their ids alone; nothing; the same classes.
  for (const before of [
    await stageFiles(whole, { format }),
    await stageFiles({}, { format, mapping }),
    await stageFiles(whole, { format, mapping }),
  ])
    await compare(whole, { format, mapping, after: before });
});

const PIECES = ['"', ',', '\n', '\r\n', '\t', 'Ä', '\u0085', '\u0000', ' ', 'Total', '""', 'x'.repeat(700)];

/** Changes one thing of a text: a character more or less, lines that change places, are there twice, or not at all. */
function damage(text: string, pick: (below: number) => number): string {
  const lines = text.split('\n');
  const [one, other] = [pick(lines.length), pick(lines.length)];
  const at = pick(text.length);
  switch (pick(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + must(PIECES[pick(PIECES.length)]) + text.slice(at);
    case 2:
      return lines.with(one, must(lines[other])).with(other, must(lines[one])).join('\n');
    case 3:
      return lines.toSpliced(one, 0, must(lines[other])).join('\n');
    case 4:
      return lines.toSpliced(one, 1).join('\n');
    default:
      return text.slice(0, at) + String.fromCharCode(0x30 + pick(70)) + text.slice(at + 1);
  }
}
