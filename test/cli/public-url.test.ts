import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type TestFolder, testFolder } from '#test/helpers/roster-folder.ts';
import { smallRoster } from '#test/helpers/small-roster.ts';

let rollbook: TestRollbook;
let folder: TestFolder;
before(async () => {
  // Nobody listens there: from the machine of the service its public address may lead nowhere.
  rollbook = await startTestRollbook({ settings: { PUBLIC_URL: 'http://127.0.0.1:1/roster' } });
  folder = await testFolder('export');
});
after(async () => {
  await rollbook.stop();
  await folder.remove();
});

test('commands upload to the service that they reached, wherever PUBLIC_URL leads', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  const synced = await runCliHere(['sync', folder.path, '--data-dir', rollbook.dataDir]);
  assert.equal(synced.exitCode, 0, synced.stderr);
  assert.match(synced.stdout, /Uploaded: 6 files/u);
});
