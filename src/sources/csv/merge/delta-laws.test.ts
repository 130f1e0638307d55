/** Whole files, or the first of them and what changed since: the same roster. ROLLBOOK_DELTA_HISTORIES: how many (25); ROLLBOOK_DELTA_SEED repeats them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RECORD_WORDS } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';
import { mergeFiles } from '#test/helpers/merge-files.ts';
import {
  bulkFiles,
  copyOfSet,
  deltaFiles,
  type OneRosterFile,
  type OneRosterSet,
  smallOneRoster,
} from '#test/helpers/one-roster.ts';
import { shown, shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';

const HISTORIES = Number(process.env['ROLLBOOK_DELTA_HISTORIES'] ?? '25');
const SEED = Number(process.env['ROLLBOOK_DELTA_SEED'] ?? String(Date.now() % 1_000_000));
const DAYS = 4;
const FILES = ['orgs', 'courses', 'users', 'roles', 'classes', 'enrollments', 'demographics'] as const;
/** A value that may change by file, and what it may become; `''` in a required one makes a bad row. */
const CHANGES: Readonly<Record<(typeof FILES)[number], readonly [title: string, values: readonly string[]]>> =
  {
    orgs: ['name', ['North', 'South, or "the" other', '']],
    courses: ['title', ['Music', 'Art', '']],
    users: ['givenName', ['Ada', 'Zoë', '"Q"', '']],
    roles: ['role', ['student', 'teacher', 'aide', 'nobody']],
    classes: ['title', ['One', 'Two', '']],
    enrollments: ['role', ['student', 'teacher', 'juggler']],
    demographics: ['sex', ['male', 'female', 'neither']],
  };

/** mulberry32: a small seeded generator of whole numbers below a limit. */
function numbers(seed: number): (below: number) => number {
  let at = seed;
  return (below) => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** The next day of a roster: rows change, go, and come, some of them bad, some of them with ids that were there before. */
function nextDay(set: OneRosterSet, first: OneRosterSet, next: (below: number) => number): OneRosterSet {
  const day = copyOfSet(set);
  const changes = next(8);
  for (let i = 0; i < changes; i += 1) {
    const file: OneRosterFile & (typeof FILES)[number] = must(FILES[next(FILES.length)]);
    const ids = [...first[file].keys()];
    const id = must(ids[next(ids.length)]);
    const [title, values] = CHANGES[file];
    const row = day[file].get(id) ?? must(first[file].get(id));
    switch (next(4)) {
      case 0:
        day[file].delete(id);
        break;
      case 1: {
        const added = `${id}-${next(3)}`;
        day[file].set(added, { ...row, sourcedId: added, username: added });
        break;
      }
      default:
        day[file].set(id, { ...row, [title]: must(values[next(values.length)]) });
    }
  }
  dropStrangers(day);
  // Whole files without a row are not allowed; that all rows go one by one is.
  return FILES.some((file) => day[file].size === 0) ? copyOfSet(set) : day;
}

/** A whole set is complete in itself: what names something that is gone goes with it. */
const REFERENCES: readonly [file: OneRosterFile, title: string, to: OneRosterFile][] = [
  ['courses', 'orgSourcedId', 'orgs'],
  ['classes', 'schoolSourcedId', 'orgs'],
  ['roles', 'orgSourcedId', 'orgs'],
  ['roles', 'userSourcedId', 'users'],
  ['enrollments', 'classSourcedId', 'classes'],
  ['enrollments', 'userSourcedId', 'users'],
  ['demographics', 'sourcedId', 'users'],
];

function dropStrangers(set: OneRosterSet): void {
  for (const [file, title, to] of REFERENCES)
    for (const [id, row] of set[file]) if (!set[to].has(row[title] ?? '')) set[file].delete(id);
}

/** What the directory would be: the records that are current, by key, with the hash of what they hold. */
function recordsOf({ next }: StagedFiles): string[] {
  const { words } = next;
  return Array.from({ length: next.size }, (_, i) =>
    words.subarray(i * RECORD_WORDS, (i + 1) * RECORD_WORDS).join(' '),
  ).toSorted();
}

test(`${HISTORIES} histories: deltas come to what whole files come to (seed ${SEED})`, async () => {
  for (let history = 0; history < HISTORIES; history += 1) {
    const next = numbers(SEED + history);
    const first = smallOneRoster(6);
    const everything = [
      'orgs.csv',
      'academicsessions.csv',
      'courses.csv',
      'users.csv',
      'roles.csv',
      'classes.csv',
      'enrollments.csv',
      'demographics.csv',
    ];
    let day = first;
    let kept: Readonly<Record<string, string>> = bulkFiles(first);
    let whole = await stageFiles(kept);
    let merged = whole;
    for (let number = 1; number <= DAYS; number += 1) {
      const before = day;
      day = nextDay(day, first, next);
      const at = `2026-09-0${number}T00:00:00Z`;
      if (next(6) === 0) kept = bulkFiles(day);
      else {
        const upload = deltaFiles(before, day, { at, withEmpty: next(2) === 0 });
        const made = await mergeFiles(kept, upload, next(2) === 0 ? 64 : undefined);
        kept = must(made.files);
        if (next(3) === 0) kept = must((await mergeFiles(kept, upload)).files);
      }
      const options = { format: 'oneroster-1.2', confirmedFiles: everything } as const;
      const full = await stageFiles(bulkFiles(day), { ...options, after: whole });
      const { 'manifest.csv': _, ...files } = kept;
      const delta = await stageFiles(files, { ...options, after: merged });
      const where = `seed ${SEED + history}, day ${number}`;
      assert.deepEqual(fatalsOf(delta), fatalsOf(full), where);
      assert.deepEqual(shown(delta.items), shown(full.items), where);
      assert.deepEqual(recordsOf(delta), recordsOf(full), where);
      whole = full;
      merged = delta;
    }
  }
});

function fatalsOf({ findings }: StagedFiles): string[] {
  return shownFindings(findings.filter(({ severity }) => severity === 'fatal'));
}
