/**
 * `npm test [-- part of a path ...]`: runs every *.test.ts (or those whose path holds one of the parts) on one shared PostgreSQL
 * and ends with the line `N passed, N failed`. Exit code 1 when a test failed or none ran.
 */
import { glob, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';

import { isProcessAlive, processStartTime } from '#storage/process-identity.ts';
import { startKeeper } from '#test/helpers/shared-server.ts';
import { MAY_MOUNT } from '#test/helpers/small-disk.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts = process.argv.slice(2);
const files: string[] = [];
for await (const file of glob('{src,test,bench,scripts}/**/*.test.ts', { cwd: root })) {
  const path = file.replaceAll('\\', '/');
  if (parts.length === 0 || parts.some((part) => path.includes(part))) files.push(join(root, file));
}
files.sort();

// Each sync of a test starts a thread that reads the sources anew: what they compile to is kept for the next one.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), `rollbook-test-code-${process.getuid?.() ?? 0}`);

const stopServer = await shareServer();
const missing = missingInputs();
for (const line of missing) console.log(`! ${line}`);

let passed = 0;
let failed = 0;
let skipped = 0;
const timeoutHours = Number(process.env['ROLLBOOK_TEST_TIMEOUT_HOURS'] ?? '0.25');
const stream = run({ files, concurrency: 2, cwd: root, timeout: timeoutHours * 3_600_000 });
stream.on('test:summary', ({ file, counts }) => {
  if (file !== undefined) return;
  ({ passed, skipped } = counts);
  failed = counts.tests - counts.passed - counts.skipped - counts.todo;
});
for await (const text of stream.compose(new spec()) as AsyncIterable<Buffer>) process.stdout.write(text);
await stopServer();

for (const line of missing) console.log(`! ${line}`);
if (skipped > 0) console.log(`! ${skipped} skipped`);
if (files.length === 0) console.log(`! no test file matches: ${parts.join(' ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Starts the PostgreSQL for this run unless one is given; answers how to stop it. */
async function shareServer(): Promise<() => Promise<void>> {
  if ((process.env['ROLLBOOK_TEST_DATABASE_URL'] ?? '') !== '') return () => Promise.resolve();
  const directory = join(tmpdir(), `rollbook-test-run-${process.pid}`);
  await mkdir(directory, { mode: 0o711 });
  const keeper = await startKeeper(directory);
  process.env['ROLLBOOK_TEST_DATABASE_URL'] = keeper.url;
  // The keeper stops its server when no session has been there for a minute; tests without a database may take longer than that.
  const session = new Client({ connectionString: keeper.url });
  session.on('error', () => undefined);
  await session.connect();
  // An interrupted run tells the keeper; a killed one leaves it to notice that nobody comes any more.
  process.once('exit', () => {
    if (isProcessAlive(keeper.pid)) process.kill(keeper.pid, 'SIGTERM');
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return async () => {
    await session.end().catch(() => undefined);
    if (!isProcessAlive(keeper.pid)) return;
    process.kill(keeper.pid, 'SIGTERM');
    while (isProcessAlive(keeper.pid) && (await processStartTime(keeper.pid)) !== 'ended')
      await new Promise((resolve) => setTimeout(resolve, 50));
    await rm(directory, { recursive: true, force: true });
  };
}

function missingInputs(): string[] {
  const lines: string[] = [];
  if ((process.env['ROLLBOOK_SAMPLES'] ?? '') === '')
    lines.push(
      'ROLLBOOK_SAMPLES is not set: the tests on real rosters do not run (it names the folder that holds them)',
    );
  if (!MAY_MOUNT && files.some((file) => file.includes('disk-full')))
    lines.push('only root on Linux may mount small disks: the tests that fill one do not run');
  return lines;
}
