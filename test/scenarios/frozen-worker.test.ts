/** Workers of their own processes on one database: one that dies or freezes is taken over, and writes nothing when it thaws. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { emptyTestDatabase } from '#test/helpers/database.ts';
import { dumpDirectoryAt } from '#test/helpers/directory-dump.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import {
  type RollbookProcess,
  startRollbookProcess,
  startWorkerProcess,
  type WorkerProcess,
} from '#test/helpers/rollbook-process.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

/** Where a worker freezes: as soon as the newest run looks like that. */
const MOMENTS = [
  { where: 'in the middle of staging', sight: "state = 'staging' and progress ->> 'rowsDone' <> '0'" },
  { where: 'while it plans', sight: "state = 'planning'" },
  { where: 'while it applies', sight: "state = 'applying' and applied_item_no > 0" },
];

const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-frozen-'));
const empty = await emptyTestDatabase();
const env = { LEASE_SECONDS: '1', BATCH_ITEMS: '20', RETRY_SECONDS: '1', SECRET_KEY: TEST_SECRET_KEY };
const place = { dataDir, databaseUrl: empty.url, env };
const watch = new Client({ connectionString: empty.url, options: '-c search_path=rollbook' });
const workers: WorkerProcess[] = [];
let api: RollbookProcess;
before(async () => {
  await watch.connect();
  api = await startRollbookProcess({ ...place, env: { ...env, MODE: 'api' } });
});
after(async () => {
  for (const worker of workers) await worker.kill();
  await api.stop();
  await watch.end();
  await empty.close();
  await rm(dataDir, { recursive: true, force: true });
});

function startWorker(): WorkerProcess {
  const worker = startWorkerProcess(place);
  workers.push(worker);
  return worker;
}

async function seen(sight: string): Promise<void> {
  const newest = 'select id from run order by created_at desc limit 1';
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const { rowCount } = await watch.query(`select 1 from run where id = (${newest}) and ${sight}`);
    if (rowCount === 1) return;
    await wait(1);
  }
  throw new Error(`the run was never seen with ${sight}`);
}

const EVERYTHING = `select (select count(*) from plan_item) as items, (select count(*) from finding) as findings,
  (select count(*) from plan_item_failure) as failures, (select count(*) from run_event) as events,
  (select max(change_seq) from tenant_counter) as seq, (select max(epoch) from run) as epoch`;

for (const [round, { where, sight }] of MOMENTS.entries()) {
  test(`a worker that freezes ${where} is taken over by another, and writes nothing when it thaws`, async () => {
    const client = syncClient(api);
    const profile = await client.createProfile({ displayName: `Frozen ${round}` });
    const roster = smallRoster({ schools: 3, sections: 4, students: 1_000 });
    for (const person of [...roster.student, ...roster.teacher])
      person['Username'] = `f${round}.${person['Username']}`;
    const first = startWorker();
    await client.upload(profile, csvFiles(roster));
    const starting = client.start(profile);
    await seen(sight);
    first.freeze();
    const second = startWorker();
    await starting;
    const end = await client.settled(profile, 120_000);
    assert.equal(end.status, 'success', end.statusMessage);
    const directory = await dumpDirectoryAt(empty.url);
    const { rows: before } = await watch.query(EVERYTHING);
    first.thaw();
    await wait(1_500);
    assert.deepEqual((await watch.query(EVERYTHING)).rows, before);
    assert.deepEqual(await dumpDirectoryAt(empty.url), directory);
    await first.stop();
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
    const { rows } = await watch.query<{ item_count: number }>(
      'select item_count from plan order by created_at desc limit 1',
    );
    assert.equal(rows[0]?.item_count, 0, 'the snapshot is that of the directory');
    const people = await watch.query(`select 1 from account where user_name like 'f${round}.%'`);
    assert.equal(people.rowCount, roster.student.length + roster.teacher.length);
    await second.stop();
  });
}
