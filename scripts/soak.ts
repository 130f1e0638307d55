/**
 * npm run soak [-- part of a path ...]: the tests whose numbers are small in CI, with the large ones, or some of them: `npm run soak -- many-workers` kills
 * workers 200 times. Each prints its seed; the variables below set other numbers.
 */
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
const numbers = {
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
};
const env = { ...numbers, ...process.env };
const run = (args: readonly string[]): number =>
  spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
const parts = process.argv.slice(2);
if (parts.includes('--help')) {
  console.log(
    [
      'npm run soak [-- part of a path ...]: for hours, or some of it.',
      '',
      ...[...FILES, 'scripts/soak-mutations'].map((file) => `  ${file}`),
      '',
      'Variables of the environment, with what they are without one:',
      ...Object.entries(numbers).map(([name, value]) => `  ${name}=${value}`),
    ].join('\n'),
  );
  process.exit(0);
}
const isAsked = (file: string): boolean => parts.length === 0 || parts.some((part) => file.includes(part));
const files = FILES.filter(isAsked);
const statuses = [
  ...(isAsked('scripts/soak-mutations') ? [run([mutations])] : []),
  ...(files.length > 0 ? [run([runner, ...files])] : []),
];
if (statuses.length === 0) console.error(`nothing to soak matches: ${parts.join(' ')}`);
process.exit(statuses.length === 0 ? 2 : Math.max(...statuses));
