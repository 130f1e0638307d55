/** What a log may not hold is no name of a child, also when the database refuses a value in the middle of a run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

test('a value that the database refuses breaks the run off, and stands in no line of the log', async () => {
  const rollbook = await startTestRollbook();
  try {
    // As PostgreSQL says it of a value that does not fit the type of its column.
    await rollbook.db.owner.query(`
      create function refuse_value() returns trigger language plpgsql as $$
        begin
          raise exception 'invalid input syntax for type date: "Anna Alder"' using errcode = '22007';
        end $$;
      create trigger refuse_value before insert on plan for each row execute function refuse_value()`);
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    await client.upload(profile, csvFiles(smallRoster()));
    await client.start(profile);
    const broken = (): string | undefined =>
      rollbook.logLines.find((line) => line.includes('a run broke off'));
    for (let attempt = 0; attempt < 1_200 && broken() === undefined; attempt += 1) await wait(25);
    assert.match(broken() ?? '', /"code":"InternalError".*"code":"22007"/);
    assert.doesNotMatch(rollbook.logLines.join(''), /Anna|Alder/);
  } finally {
    await rollbook.stop();
  }
});
