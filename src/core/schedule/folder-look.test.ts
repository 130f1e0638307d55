import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type FolderEntry, type FolderRules, judgeFolder } from './folder-look.ts';

const RULES: FolderRules = {
  fileSets: [{ required: ['orgs.csv', 'users.csv'], all: ['orgs.csv', 'users.csv', 'roles.csv'] }],
  quietSeconds: 60,
  limits: { maxFileBytes: 10, maxUploadBytes: 25 },
};
const NOW = new Date('2026-11-25T08:00Z');

/** Files that have rested for the quiet time, by name and size. */
function judge(sizes: Readonly<Record<string, number>>): { state: string; note: string | null } {
  const entries = Object.entries(sizes).map(([name, sizeBytes]): FolderEntry => ({
    name,
    isFile: true,
    sizeBytes,
    modified: '1',
  }));
  const seenAt = new Date(NOW.getTime() - RULES.quietSeconds * 1_000);
  const { state, note } = judgeFolder(
    { entries, seen: 'all', fingerprint: 'roster' },
    { seen: 'all', seenAt, taken: null },
    RULES,
    NOW,
  );
  return { state, note };
}

const TOO_LARGE = 'is larger than the 10 bytes that a file may have.';
const CASES: [string, Record<string, number>, string | null][] = [
  ['as large as files and an upload may be', { 'orgs.csv': 10, 'users.csv': 10, 'roles.csv': 5 }, null],
  ['a file that is too large', { 'orgs.csv': 1, 'Users.csv': 11 }, `Users.csv ${TOO_LARGE}`],
  ['a zip that is too large', { 'export.zip': 11 }, `export.zip ${TOO_LARGE}`],
  [
    'files that are too large all together',
    { 'orgs.csv': 10, 'users.csv': 10, 'roles.csv': 6 },
    'The files are larger than the 25 bytes that an upload may have, all together.',
  ],
  ['what is ignored has no size', { 'orgs.csv': 1, 'users.csv': 1, 'notes.txt': 99 }, ' Ignored: notes.txt.'],
];
for (const [name, sizes, note] of CASES)
  test(`folder: ${name}`, () => {
    const isTaken = note === null || note.startsWith(' Ignored');
    assert.deepEqual(judge(sizes), { state: isTaken ? 'ready' : 'waits', note: note?.trim() ?? null });
  });
