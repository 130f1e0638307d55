/** npm run soak: the tests whose numbers are small in CI, with the large ones. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./test.ts', import.meta.url));
const { status } = spawnSync(process.execPath, [runner, 'test/scenarios/kill'], {
  stdio: 'inherit',
  env: { ROLLBOOK_KILLS: '200', ...process.env },
});
process.exit(status ?? 1);
