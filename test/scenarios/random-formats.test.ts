/**
 * One school, made up, in SDS V1 and in another format: the same directory, as far as that can say it, after a first sync and after one with changes,
 * and the same files once more change nothing. ROLLBOOK_FORMAT_ROSTERS: how many schools for each format (1); ROLLBOOK_SEED repeats them.
 */
import { test } from 'node:test';

import * as fc from 'fast-check';

import { randomSchool, schoolFiles } from '#test/helpers/random-school.ts';
import { assertSameDirectories, OTHER_FORMATS } from '#test/helpers/same-roster.ts';

const ROSTERS = Number(process.env['ROLLBOOK_FORMAT_ROSTERS'] ?? '1');
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

for (const other of Object.values(OTHER_FORMATS))
  test(`${other.title}: ${ROSTERS} schools are the same as in SDS V1 (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(randomSchool, async (made) => {
        await assertSameDirectories(other, schoolFiles(made, 'first'), schoolFiles(made, 'second'));
      }),
      // A roster takes seconds, and the seed repeats it.
      { numRuns: ROSTERS, seed: SEED, endOnFailure: true },
    );
  });
