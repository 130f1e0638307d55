/** npm run soak: the tests whose numbers are small in CI, with the large ones. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./test.ts', import.meta.url));
const mutations = fileURLToPath(new URL('./soak-mutations.ts', import.meta.url));
const FILES = [
  ...['kill', 'many-workers', 'laws', 'plan-laws', 'histories'].map((name) => `test/scenarios/${name}`),
  'test/http/batch/random-bodies',
  'test/http/roster/random-queries',
  'test/corpus/mutations',
  'test/scenarios/random-formats',
];
const env = {
  ROLLBOOK_KILLS: '200',
  ROLLBOOK_WORKER_KILLS: '200',
  // Of each kind: 10,000 in laws and histories together.
  ROLLBOOK_HISTORIES: '5000',
  ROLLBOOK_BODIES: '1000000',
  ROLLBOOK_QUERIES: '1000000',
  // Rosters of one fault each, all that follows from it derived. The million is in soak-mutations.ts, with many faults in a roster.
  ROLLBOOK_MUTATIONS: '50000',
  ROLLBOOK_FORMAT_ROSTERS: '200',
  ROLLBOOK_TEST_TIMEOUT_HOURS: '48',
  ...process.env,
};
const run = (args: readonly string[]): number =>
  spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
const statuses = [run([mutations]), run([runner, ...FILES])];
process.exit(Math.max(...statuses));
