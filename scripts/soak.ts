/** npm run soak: the tests whose numbers are small in CI, with the large ones. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./test.ts', import.meta.url));
const FILES = [
  ...['kill', 'many-workers', 'laws', 'plan-laws', 'histories'].map((name) => `test/scenarios/${name}`),
  'test/http/batch/random-bodies',
  'test/http/roster/random-queries',
  'test/corpus/mutations',
];
const { status } = spawnSync(process.execPath, [runner, ...FILES], {
  stdio: 'inherit',
  env: {
    ROLLBOOK_KILLS: '200',
    ROLLBOOK_WORKER_KILLS: '200',
    // Of each kind: 10,000 in laws and histories together.
    ROLLBOOK_HISTORIES: '5000',
    ROLLBOOK_BODIES: '1000000',
    ROLLBOOK_QUERIES: '1000000',
    ROLLBOOK_MUTATIONS: '1000000',
    ROLLBOOK_TEST_TIMEOUT_HOURS: '48',
    ...process.env,
  },
});
process.exit(status ?? 1);
