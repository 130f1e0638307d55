/**
 * Two installations with one data directory: processes with MODE=api or worker share it on purpose and take no lock, so a second database is told at the start.
 * Else each would remove the uploads that its own database does not name, and write its credentials over those of the other.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { OperationalError } from '#lib/errors.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';

test('the second does not start, until it takes the place over; then the first does not', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-shared-'));
  const start = (more: Record<string, string> = {}) =>
    startTestRollbook({ dataDir, settings: { MODE: 'api', ...more } });
  const credentials = (): Promise<string> => readFile(join(dataDir, 'credentials.json'), 'utf8');
  const first = await start();
  try {
    const before = await credentials();
    const refusal = await start().then(
      (second) => second.stop(),
      (error: unknown) => error,
    );
    assert.ok(refusal instanceof OperationalError, 'it started');
    assert.equal(refusal.code, 'StorageOfAnother');
    const id = /UPLOAD_TAKE_OVER=([\w-]+)/.exec(refusal.message)?.[1] ?? '';
    assert.match(refusal.message, /DATA_DIR/);
    assert.equal(await credentials(), before);
    await first.restart();

    const second = await start({ UPLOAD_TAKE_OVER: id });
    await second.stop();
    await assert.rejects(first.restart(), { code: 'StorageOfAnother' });
  } finally {
    await first.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});
