import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { openSecretBox } from '#access/open-secret-box.ts';
import { must } from '#lib/assert.ts';
import { OperationalError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { applyRange, listItemBands } from '#storage/apply/apply-batch.ts';
import { inTenant } from '#storage/database.ts';
import { discardStaged } from '#storage/plan/plan-rows.ts';
import { openBatch, readAppliedGeneration } from '#storage/runs/batch-fence.ts';
import { LeaseLostError } from '#storage/runs/lease-run.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { shown, stageFiles } from '#test/helpers/stage-files.ts';
import { stageInput, TEST_SECRET_KEYS } from '#test/helpers/stage-upload.ts';
import { runStage, StageAbortedError } from './run-stage.ts';
import { preparedSnapshot } from './snapshot/prepared-snapshot.ts';
import { snapshotPath } from './snapshot/snapshot-file.ts';
import type { StageInput, StageProgress } from './stage-upload.ts';

let database: TestDatabase;
let work = '';
before(async () => {
  database = await testDatabase();
  work = await mkdtemp(join(tmpdir(), 'rollbook-stage-'));
});
after(async () => {
  await database.close();
  await rm(work, { recursive: true, force: true });
});

let source: { sourceSystemId: string; profileId: string };
beforeEach(async () => {
  source = await addSourceSystem(database.db, database.tenantId);
});

const files = csvFiles(smallRoster());
const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
const query = <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
  inTenant(database.db, database.tenantId, (tx) => tx.query<Row>(text, values));
const input = (
  content: Record<string, string | Buffer> = files,
  options: Parameters<typeof stageInput>[4] = {},
): Promise<StageInput> => stageInput(database, source, work, content, options);
const placeOf = (one: StageInput) => ({
  directory: one.snapshotsDirectory,
  tenantId: one.tenantId,
  sourceSystemId: one.sourceSystemId,
});

/** Brings what a run staged into the directory, as planning and applying would. */
async function apply({ runId, sourceSystemId }: StageInput): Promise<number> {
  await query(`update run set state = 'applying' where id = $1`, [runId]);
  return inTenant(database.db, database.tenantId, async (tx) => {
    const { bands } = await listItemBands(tx, runId, 0);
    for (const { firstItemNo, lastItemNo } of bands) {
      const changeSeq = await openBatch(tx, { runId, sourceSystemId, epoch: 1, lastItemNo });
      await applyRange(tx, { runId, sourceSystemId, firstItemNo, lastItemNo, changeSeq });
    }
    await tx.query(`update run set state = 'applying' where id = $1`, [runId]);
    return readAppliedGeneration(tx, { runId, epoch: 1, sourceSystemId });
  });
}

test('items are in the database as they are in memory; passwords sealed; progress is told', async () => {
  const one = await input();
  const progress: StageProgress[] = [];
  const result = await runStage(one, { ...quiet, onProgress: (now) => progress.push(now) });
  assert.equal(result.fatal, false);
  assert.equal(progress[0]?.stage, 'extracting');
  assert.equal(progress.at(-1)?.stage, 'validating');

  const expected = await stageFiles(files);
  assert.equal(result.rosterHash, expected.result.rosterHash);
  const rows = await query<Record<string, unknown>>(
    `select item_no as "itemNo", action, kind, reason, source_id as "sourceId", school_id as "schoolId", after, file, line,
            base_version, before, object_id is not null as "hasObject"
       from plan_item where run_id = $1 order by item_no`,
    [one.runId],
  );
  assert.deepEqual(
    rows,
    expected.items
      .toSorted((a, b) => a.itemNo - b.itemNo)
      .map(({ itemNo, action, kind, reason, sourceId, schoolId, after, file, line, objectId }) => ({
        itemNo,
        action,
        kind,
        reason,
        sourceId,
        schoolId,
        after,
        file,
        line,
        base_version: null,
        before: null,
        hasObject: objectId !== null,
      })),
  );
  const dangling = await query(
    `select item_no from plan_item i where run_id = $1
        and exists (select from unnest(array[first_key, second_key, third_key]) as reference(key)
                     where reference.key is not null
                       and not exists (select from plan_item t where t.run_id = i.run_id and t.key = reference.key))`,
    [one.runId],
  );
  assert.deepEqual(dangling, []);
  const [secret] = await query<{ secret: Buffer }>(
    `select secret from plan_item where run_id = $1 and kind = 'student' order by item_no limit 1`,
    [one.runId],
  );
  const box = openSecretBox(TEST_SECRET_KEYS, realSystem);
  assert.equal(box.open(must(secret).secret).toString(), 'Start#2026');
});

test('after apply the plan of the same files is empty: by the promoted snapshot, and by one rebuilt from the directory', async () => {
  const first = await input();
  await runStage(first, quiet);
  const generation = await apply(first);
  const place = placeOf(first);
  await preparedSnapshot(place, first.runId).confirm(first.epoch);
  await preparedSnapshot(place, first.runId).promote(generation);

  const second = await input();
  const again = await runStage(second, quiet);
  assert.equal(again.itemCount, 0);
  assert.deepEqual(await query('select item_no from plan_item where run_id = $1', [second.runId]), []);

  // Without the file, and with one of another generation or torn.
  const path = snapshotPath(place);
  const whole = await readFile(path);
  for (const spoil of [() => rm(path), () => writeFile(path, whole.subarray(0, 3_000)), staleFile]) {
    await spoil();
    const rebuilt = await input();
    const result = await runStage(rebuilt, quiet);
    assert.deepEqual(result.kinds, again.kinds);
    assert.equal(result.itemCount, 0);
    await assert.rejects(readFile(path), { code: 'ENOENT' });
    await preparedSnapshot(place, rebuilt.runId).confirm(rebuilt.epoch);
    await preparedSnapshot(place, rebuilt.runId).promote(generation);
    assert.equal((await readFile(path)).length, whole.length);
  }
  async function staleFile(): Promise<void> {
    await writeFile(path, whole);
    await preparedSnapshot(place, first.runId).promote(generation);
    await query('update snapshot_state set generation = generation + 1 where source_system_id = $1', [
      source.sourceSystemId,
    ]);
  }

  const changed = smallRoster();
  must(changed.student[0])['First Name'] = 'Renamed';
  changed.studentenrollment.pop();
  const third = await input(csvFiles(changed));
  await runStage(third, quiet);
  const items = await query<{ action: string; kind: string; source_id: string | null }>(
    'select action, kind, source_id from plan_item where run_id = $1 order by item_no',
    [third.runId],
  );
  assert.deepEqual(items, [
    { action: 'update', kind: 'student', source_id: 'S1P1' },
    { action: 'end', kind: 'enrollment', source_id: null },
  ]);
});

test('a list that the tenant changes changes no record by itself, and is the reason of one run alone', async () => {
  const lists = { grades: { added: ['Reception'], disabled: ['kg'] } };
  const domains = { student: 'lists.example', teacher: 'lists-staff.example' };
  const mapping: StageInput['mapping'] = {
    ...(await input()).mapping,
    identity: { mode: 'create', domains },
  };
  const promoted = async (one: StageInput, generation: number): Promise<void> => {
    await preparedSnapshot(place, one.runId).confirm(one.epoch);
    await preparedSnapshot(place, one.runId).promote(generation);
  };
  const first = await input(files, { mapping });
  const place = placeOf(first);
  await runStage(first, quiet);
  const generation = await apply(first);
  await promoted(first, generation);

  const second = await input(files, { mapping: { ...mapping, lists } });
  assert.equal((await runStage(second, quiet)).itemCount, 0);
  await promoted(second, generation);

  const changed = smallRoster();
  must(changed.student[0])['Grade'] = 'Reception';
  const reasons = async (of: typeof lists): Promise<string[]> => {
    const one = await input(csvFiles(changed), { mapping: { ...mapping, lists: of } });
    await runStage(one, quiet);
    const items = await query<{ reason: string; kind: string }>(
      'select kind, reason from plan_item where run_id = $1 order by item_no',
      [one.runId],
    );
    return items.map(({ kind, reason }) => `${kind} ${reason}`);
  };
  assert.deepEqual(await reasons(lists), ['student changedInSource', 'role changedInSource']);
  assert.deepEqual(await reasons({ grades: { added: [], disabled: ['kg'] } }), [
    'student settingsChanged',
    'role settingsChanged',
  ]);
});

test('findings are kept as far as the settings say', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => `m${i},S1,\n`).join('');
  const one = await input({ ...files, 'Section.csv': `SIS ID,School SIS ID,Section Name\n${rows}` });
  const findingLimits = { ...one.findingLimits, errors: 120 };
  const result = await runStage({ ...one, findingLimits }, quiet);
  const [stored] = await query<{ count: number }>(
    `select count(*)::int as count from finding where run_id = $1 and code = 'REQUIRED_MISSING'`,
    [one.runId],
  );
  assert.equal(stored?.count, 120);
  const counted = result.findingCounts.find(({ code }) => code === 'REQUIRED_MISSING');
  assert.equal(counted?.rowCount, 300);
});

test('with a fatal finding only findings are stored', async () => {
  const one = await input({
    ...files,
    'Teacher.csv': 'SIS ID\nx\n',
    'StudentEnrollment.csv': 'Section SIS ID,SIS ID\nx,"y',
  });
  const result = await runStage(one, quiet);
  assert.equal(result.fatal, true);
  const stored = await query(
    'select finding_no, severity, code, file, line, field, value, kind, source_id from finding where run_id = $1 order by finding_no',
    [one.runId],
  );
  const shared = { severity: 'fatal', line: 1, value: null, kind: null, source_id: null };
  assert.deepEqual(stored, [
    ...['School SIS ID', 'First Name', 'Last Name', 'Username'].map((field, i) => ({
      ...shared,
      finding_no: i + 1,
      code: 'HEADER_MISSING',
      file: 'teacher.csv',
      field,
    })),
    { ...shared, finding_no: 5, code: 'FILE_TRUNCATED', file: 'studentenrollment.csv', line: 2, field: null },
  ]);
  assert.deepEqual(await query('select item_no from plan_item where run_id = $1', [one.runId]), []);
});

test('findings of any text are stored', async () => {
  const rows = `S9,"Zo\u00eb ""x"" \u{1f393}",\n"S\0",x,\nS1,\\N\t,\n${'é'.repeat(300)},x,\n`;
  const one = await input({ ...files, 'School.csv': `SIS ID,Name,City\n${rows}S2,Two,\n` });
  await runStage(one, quiet);
  const stored = await query<{ code: string }>(
    `select code, source_id, value from finding where run_id = $1 and file = 'school.csv' order by finding_no`,
    [one.runId],
  );
  assert.deepEqual(stored, [
    { code: 'ROW_CONTROL_CHARACTER', source_id: 'S\ufffd', value: null },
    { code: 'VALUE_TOO_LONG', source_id: 'é'.repeat(256), value: 'é'.repeat(256) },
  ]);
  const [school] = await query<{ name: string }>(
    `select after ->> 'displayName' as name from plan_item where run_id = $1 and source_id = 'S9'`,
    [one.runId],
  );
  assert.equal(school?.name, 'Zo\u00eb "x" \u{1f393}');
});

test('a worker whose run belongs to another commits nothing; staging again works', async () => {
  const one = await input();
  await query('update run set epoch = 2 where id = $1', [one.runId]);
  await assert.rejects(runStage(one, quiet), LeaseLostError);
  assert.deepEqual(await query('select item_no from plan_item where run_id = $1', [one.runId]), []);
  await runStage({ ...one, epoch: 2 }, quiet);
  await inTenant(database.db, database.tenantId, (tx) => discardStaged(tx, one.runId));
  const result = await runStage({ ...one, epoch: 2 }, quiet);
  const [count] = await query<{ count: number }>(
    'select count(*)::integer as count from plan_item where run_id = $1',
    [one.runId],
  );
  assert.equal(count?.count, result.itemCount);
});

test('an upload that cannot be opened, a database that is not there, an abort: errors, never a hang', async () => {
  const one = await input();
  const otherKey = { ...one, upload: { ...one.upload, key: Buffer.alloc(32, 9) } };
  await assert.rejects(runStage(otherKey, quiet), { code: 'UploadBytesDamaged' });
  const gone = { ...one, connectionString: 'postgres://nobody@127.0.0.1:1/none' };
  await assert.rejects(runStage(gone, quiet), (error: unknown) => {
    assert.ok(error instanceof OperationalError && error.cause instanceof Error);
    assert.deepEqual([error.code, error.retry], ['DatabaseUnavailable', 'retry']);
    return true;
  });
  await assert.rejects(runStage({ ...one, hashKey: Buffer.alloc(3) }, quiet), {
    code: 'StageFailed',
  });
  await assert.rejects(runStage(one, { ...quiet, signal: AbortSignal.abort() }), StageAbortedError);
  const abort = new AbortController();
  await assert.rejects(
    runStage(one, { signal: abort.signal, onProgress: () => abort.abort() }),
    StageAbortedError,
  );
});

test('the database ends the connection in the middle: an error that is worth another try', async () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => `S1C1,x${i}`).join('\n');
  const one = await input({ ...files, 'StudentEnrollment.csv': `Section SIS ID,SIS ID\n${rows}\n` });
  const killing: Promise<unknown>[] = [];
  const staging = runStage(one, {
    ...quiet,
    onProgress: () => {
      if (killing.length === 0)
        killing.push(
          query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'rollbook stage %' and datname = current_database()`,
          ),
        );
    },
  });
  await assert.rejects(staging, (error: unknown) => {
    assert.ok(error instanceof OperationalError);
    assert.equal(error.retry, 'retry');
    return true;
  });
  await Promise.all(killing);
});

test('two tenants: one sees nothing of the other', async () => {
  const one = await input();
  await runStage(one, quiet);
  const rows = await inTenant(database.db, realSystem.newId(), (tx) =>
    tx.query('select item_no from plan_item where run_id = $1', [one.runId]),
  );
  assert.deepEqual(rows, []);
  assert.deepEqual(shown((await stageFiles(files)).items).length > 0, true);
});
