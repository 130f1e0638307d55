/** ROLLBOOK_FAULTS: how many faults in all formats (2,000; `npm run soak`: a million); ROLLBOOK_SEED repeats a run. */
import { test } from 'node:test';

import { checkSound, mutateFormats } from './mutate-formats.ts';

const FAULTS = Number(process.env['ROLLBOOK_FAULTS'] ?? '2000');
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

test(`${FAULTS} faults in rosters of all formats are found (seed ${SEED})`, async (t) => {
  const { made, kinds, rosters } = await mutateFormats({ faults: FAULTS, seed: SEED });
  t.diagnostic(`${made} faults of ${kinds.size} kinds in ${rosters} rosters`);
});

test(`rosters of all formats without a fault have no findings (seed ${SEED})`, () => checkSound(60, SEED));
