/**
 * A million faults in rosters of all formats (ROLLBOOK_FAULTS, ROLLBOOK_SEED), one process, no database: what
 * test/corpus/mutations-of-formats.test.ts does with few. Not under the test runner, which follows every promise and takes half of the time.
 */
import { mutateFormats } from '#test/corpus/mutate-formats.ts';

const faults = Number(process.env['ROLLBOOK_FAULTS'] ?? '1000000');
const seed = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
const startedMs = Date.now();
const secondsSince = (): number => Math.round((Date.now() - startedMs) / 1000);

console.log(`${faults} faults in rosters of all formats (seed ${seed})`);
let toldSeconds = 0;
const { made, kinds, rosters } = await mutateFormats({ faults, seed }, (madeFaults, madeRosters) => {
  if (secondsSince() - toldSeconds < 60) return;
  toldSeconds = secondsSince();
  console.log(`${madeFaults} faults found in ${madeRosters} rosters after ${toldSeconds} s`);
});
console.log(`${made} faults of ${kinds.size} kinds found in ${rosters} rosters, in ${secondsSince()} s`);
