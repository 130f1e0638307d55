import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runAnswer } from '../client/answers.ts';
import { mergeLines } from './merge-lines.ts';

test('a run says what was merged into what, with numbers of rows', () => {
  const file = { deltaRows: 0, replacedRows: 0, outdatedRows: 0, keptRows: 0, deltaLines: 0 };
  const run = runAnswer.parse({
    id: 'r',
    state: 'completed',
    counts: {
      kinds: {},
      merge: {
        baseUploadId: 'base-id',
        baseSealedAt: '2026-09-01T02:00:00.000Z',
        deltaUploadId: 'delta-id',
        deltaSealedAt: '2026-09-02T02:00:00.000Z',
        files: [
          {
            ...file,
            file: 'users.csv',
            from: 'delta',
            deltaRows: 3,
            replacedRows: 1,
            outdatedRows: 1,
            keptRows: 1200,
          },
          { ...file, file: 'orgs.csv', from: 'kept', keptRows: 2 },
          { ...file, file: 'courses.csv', from: 'bulk', deltaRows: 9 },
        ],
      },
    },
  });
  assert.deepEqual(mergeLines(run, 80), [
    '  Changes of the upload of 2026-09-02 02:00:00 (delta-id), merged into the set',
    '  of 2026-09-01 02:00:00 (base-id).',
    '  file         uploaded  outdated  replaced   kept  from',
    '  users.csv           3         1         1  1,200  changes, and the rest of the set before',
    '  orgs.csv            0         0         0      2  as in the set before',
    '  courses.csv         9         0         0      0  whole',
  ]);
  assert.deepEqual(mergeLines({ ...run, counts: null }, 80), []);
});
