import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { NOTHING_SCHEDULED } from '#core/schedule/schedule.ts';
import { csvProfileBody, profileServer, type ProfileServer } from '#test/helpers/profile-server.ts';

let server: ProfileServer;
before(async () => {
  server = await profileServer({ startWaitSeconds: 1 });
});
after(() => server.close());

const P = '/synchronizationProfiles';
const post = (id: string, action: string, body?: unknown) =>
  server.call('POST', `${P}/${id}/${action}`, body);
const status = async (id: string, headers: Record<string, string> = {}) =>
  (await server.call('GET', `${P}/${id}/profileStatus`, undefined, { headers })).body;

/** Uploads a file over the upload URL and starts; `then` leaves the run where a worker would. */
async function start(id: string, then?: (runId: string) => Promise<void>) {
  const { body } = await server.call('GET', `${P}/${id}/uploadUrl`);
  const url = new URL(body.value);
  url.pathname += '/student.csv';
  const put = await fetch(url, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    body: 'SIS ID\n1\n',
  });
  assert.equal(put.status, 201);
  server.wokenRuns.length = 0;
  const starting = post(id, 'start');
  while (server.wokenRuns.length === 0) await server.context.system.sleep(5);
  if (then) await then(String(server.wokenRuns[0]));
  return { answer: await starting, runId: String(server.wokenRuns[0]) };
}

function assertEmpty(answer: { status: number; text: string; headers: Headers }): void {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, '');
  assert.equal(answer.headers.get('content-type'), null);
}

function assertConflict(
  answer: { status: number; body: { error: { code: string; message: string } } },
  message: RegExp,
): void {
  assert.equal(answer.status, 409);
  assert.equal(answer.body.error.code, 'Conflict');
  assert.match(answer.body.error.message, message);
}

test('the life of a profile as scripts lead it', async () => {
  const id = await server.newProfile('Life');
  assert.equal((await status(id)).status, 'paused');

  const { answer, runId } = await start(id, async (run) => {
    await server.rows(
      `insert into finding_count (tenant_id, run_id, file, code, field, severity, row_count)
       values (current_tenant(), $1, 'student.csv', 'ID_DUPLICATE', 'SIS ID', 'warning', 2)`,
      run,
    );
    await server.setRun(run, 'planning');
  });
  assert.equal(answer.status, 200);
  assert.equal(
    answer.body['@odata.context'],
    `${server.baseUrl}/beta/$metadata#education/Collection(microsoft.graph.verificationMessage)`,
  );
  assert.deepEqual(
    answer.body.value.map((message: { type: string; fileName: string }) => [message.type, message.fileName]),
    [['Warning', 'student.csv']],
  );
  const working = await status(id);
  assert.equal(working.status, 'inProgress');
  assert.equal(working.id, id);
  assert.equal(
    working['@odata.context'],
    `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles('${id}')/profileStatus/$entity`,
  );
  assert.equal((await status(id, { prefer: 'include-unknown-enum-members' })).status, 'validating');
  const selected = await server.call('GET', `${P}/${id}/profileStatus?$select=status,errorCount`);
  assert.deepEqual(selected.body, {
    '@odata.context': `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles('${id}')/profileStatus(status,errorCount)/$entity`,
    status: 'inProgress',
    errorCount: 0,
  });
  for (const query of ['$select=errorCode', '$expand=errors', '$top=1'])
    assert.equal((await server.call('GET', `${P}/${id}/profileStatus?${query}`)).status, 400, query);

  await server.setRun(runId, 'completed');
  assert.equal((await status(id)).status, 'success');
  await server.rows(
    `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, joining_value, reportable_identifier)
     select current_tenant(), $1, gen_random_uuid(), $2, 'Student', 'UnsynchronizableChange', 'no account ' || n, n::text, 'S' || n
       from generate_series(1, 250) n`,
    id,
    runId,
  );
  const failing = await status(id);
  assert.deepEqual([failing.status, failing.errorCount], ['error', 250]);
  assert.match(failing.statusMessage, /250 records are not in the directory/u);
});

test('errors: counted always, paged, ordered', async () => {
  const id = await server.newProfile('Errors');
  const empty = await server.call('GET', `${P}/${id}/errors`);
  assert.deepEqual(empty.body, {
    '@odata.context': `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles('${id}')/errors`,
    '@odata.count': 0,
    value: [],
  });
  await server.rows(
    `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, joining_value, reportable_identifier)
     select current_tenant(), $1, gen_random_uuid(), $1, 'Student', 'UnsynchronizableChange', 'no account', n::text, 'S' || lpad(n::text, 3, '0')
       from generate_series(1, 25) n`,
    id,
  );
  const seen: string[] = [];
  let path: string | undefined = `${P}/${id}/errors?$top=10&$orderby=reportableIdentifier desc`;
  while (path !== undefined) {
    const page = await server.call('GET', path);
    assert.equal(page.body['@odata.count'], 25);
    for (const error of page.body.value) {
      assert.equal(error.entryType, 'Student');
      assert.match(error.recordedDateTime, /Z$/u);
      seen.push(error.reportableIdentifier);
    }
    path = page.body['@odata.nextLink']?.slice(`${server.baseUrl}/beta/education`.length);
  }
  assert.equal(seen.length, 25);
  assert.deepEqual(seen, [...seen].sort().reverse());
  const skipped = await server.call(
    'GET',
    `${P}/${id}/errors?$skip=20&$top=10&$orderby=reportableIdentifier`,
  );
  assert.deepEqual(
    skipped.body.value.map((error: { reportableIdentifier: string }) => error.reportableIdentifier),
    ['S021', 'S022', 'S023', 'S024', 'S025'],
  );
  assert.equal((await server.call('GET', `${P}/${id}/errors/$count`)).text, '25');
  const filtered = await server.call(
    'GET',
    `${P}/${id}/errors?$filter=reportableIdentifier eq 'S007' and errorCode eq 'UnsynchronizableChange'`,
  );
  assert.deepEqual([filtered.body['@odata.count'], filtered.body.value[0].joiningValue], [1, '7']);
});

test('errors that come while pages are read move nothing: the newest first, then as they stand in the files', async () => {
  const id = await server.newProfile('Errors that come');
  const insert = (file: string, lines: number[], recordedAt: string) =>
    server.rows(
      `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, reportable_identifier,
                                 file, line, recorded_at)
       select current_tenant(), $1, gen_random_uuid(), $1, 'Student', 'X', 'x', $2::text || ' ' || n, $2, n, $4
         from unnest($3::int[]) n`,
      id,
      file,
      lines,
      recordedAt,
    );
  await insert('b.csv', [9, 10, 100], '2026-01-02T00:00:00Z');
  await insert('a.csv', [2, 1], '2026-01-02T00:00:00Z');
  await insert('a.csv', [7], '2026-01-02T00:00:00.5Z');
  const seen: string[] = [];
  let path: string | undefined = `${P}/${id}/errors?$top=2`;
  while (path !== undefined) {
    const page = await server.call('GET', path);
    seen.push(
      ...page.body.value.map((error: { reportableIdentifier: string }) => error.reportableIdentifier),
    );
    path = page.body['@odata.nextLink']?.slice(`${server.baseUrl}/beta/education`.length);
    await insert('new.csv', [seen.length], '2026-01-03T00:00:00Z');
  }
  assert.deepEqual(seen, ['a.csv 7', 'a.csv 1', 'a.csv 2', 'b.csv 9', 'b.csv 10', 'b.csv 100']);
  const other = await server.newProfile('Other');
  const first = await server.call('GET', `${P}/${id}/errors?$top=2`);
  const token = new URL(first.body['@odata.nextLink']).searchParams.get('$skiptoken');
  const foreign = await server.call('GET', `${P}/${other}/errors?$skiptoken=${token}`);
  assert.equal(foreign.status, 400);
});

test('start: 400 with the collection when validation stopped the run', async () => {
  const id = await server.newProfile('Stopped');
  const { answer, runId } = await start(id, async (run) => {
    await server.rows(
      `insert into finding_count (tenant_id, run_id, file, code, field, severity, row_count)
       values (current_tenant(), $1, 'student.csv', 'REQUIRED_MISSING', 'SIS ID', 'error', 40)`,
      run,
    );
    await server.setRun(run, 'held', { errorCode: 'ValidationFailed' });
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error, undefined);
  assert.deepEqual(answer.body.value, [
    {
      type: 'Error',
      fileName: 'student.csv',
      description: "40 row(s) in student.csv are missing data for the field 'SIS ID'.",
    },
  ]);
  assert.equal((await status(id)).status, 'validationError');
  assertEmpty(await post(id, 'resume'));
  assert.equal((await status(id)).status, 'inProgress');
  assertConflict(await post(id, 'resume'), /nothing to resume/u);
  assert.equal((await server.latestRun(id))['id'], runId);
});

test('start without files is 400 and says where they go; while provisioning it is 409', async () => {
  const id = await server.newProfile('No files');
  const answer = await post(id, 'start');
  assert.equal(answer.status, 400);
  assert.match(answer.body.error.message, /uploadUrl/u);
  await server.rows(
    `update profile set state = 'provisioningFailed', state_message = 'the key is gone' where id = $1`,
    id,
  );
  assertConflict(await post(id, 'start'), /update the profile/u);
  assertConflict(await server.call('GET', `${P}/${id}/uploadUrl`), /provisioningFailed/u);
  assert.match((await status(id)).statusMessage, /The key is gone/u);
});

test('pause, resume, reset: 200, no body, no Content-Type; whatever clients send as "nothing"', async () => {
  const id = await server.newProfile('Actions');
  for (const options of [
    {},
    { raw: '' },
    { raw: '{}' },
    { raw: 'null' },
    { raw: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ]) {
    for (const action of ['pause', 'resume', 'reset'])
      assertEmpty(await server.call('POST', `${P}/${id}/${action}`, undefined, options));
  }
  const asJson = await server.call('GET', `${P}/${id}/profileStatus`, undefined, {
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(asJson.status, 200);
  for (const action of ['pause', 'resume', 'reset', 'start']) {
    const answer = await post(id, action, { force: true });
    assert.equal(answer.status, 400);
    assert.match(answer.body.error.message, /^force: /u);
    assert.equal((await server.call('POST', `${P}/${id}/${action}`, undefined, { raw: '{"' })).status, 400);
  }
});

test('illegal transitions are 409 and say what to do', async () => {
  const id = await server.newProfile('Illegal');
  assertConflict(await post(id, 'resume'), /not started\. Upload files/u);
  assertEmpty(await post(id, 'pause'));
  assertConflict(await post(id, 'pause'), /paused already.*Resume it/u);
  const url = await server.call('GET', `${P}/${id}/uploadUrl`);
  assert.equal(url.status, 200);
  assertConflict(await post(id, 'start'), /Resume it first/u);
  assertEmpty(await post(id, 'resume'));
  await server.rows('update profile set expiration_date = current_date - 2 where id = $1', id);
  assertConflict(await post(id, 'start'), /expirationDate/u);
  await server.rows(
    `update profile set expiration_date = null, state = 'deleting', updated_at = now() where id = $1`,
    id,
  );
  for (const action of ['pause', 'resume', 'reset', 'start'])
    assertConflict(await post(id, action), /is being deleted/u);
  assertConflict(await server.call('PATCH', `${P}/${id}`, { displayName: 'x' }), /is being deleted/u);
  assertConflict(await server.call('DELETE', `${P}/${id}`), /is being deleted/u);
  await server.rows(`update profile set state = 'deletionFailed' where id = $1`, id);
  assertConflict(await post(id, 'start'), /Delete it again/u);
  assert.equal((await server.call('DELETE', `${P}/${id}`)).status, 202);
});

test('missing or empty files are confirmed through the own API only', async () => {
  const id = await server.newProfile('Confirm');
  const { answer } = await start(id, (run) =>
    server.setRun(run, 'held', {
      errorCode: 'FilesNeedConfirmation',
      counts: { filesToConfirm: ['teacher.csv'] },
      message: 'teacher.csv had records',
    }),
  );
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.body.value, [
    { type: 'Error', fileName: '', description: 'teacher.csv had records' },
  ]);
  assertConflict(
    await post(id, 'resume'),
    /api\/v1\/profiles\/\{id\}\/resume with \{"confirmEmptyFiles":\["teacher\.csv"\]\}/u,
  );
  const own = `/api/v1/profiles/${id}/resume`;
  assert.equal((await server.call('POST', own, { confirmEmptyFiles: ['school.csv'] })).status, 400);
  assert.equal((await server.call('POST', own, { confirm: true })).status, 400);
  assert.equal((await server.call('POST', own, { confirmEmptyFiles: 'teacher.csv' })).status, 400);
  assertEmpty(await server.call('POST', own, { confirmEmptyFiles: ['teacher.csv'] }));
  assert.deepEqual((await server.latestRun(id))['confirmed_files'], ['teacher.csv']);
});

test('settings: read, changed, refused', async () => {
  const id = await server.newProfile('Settings');
  const path = `/api/v1/profiles/${id}/settings`;
  const { sourceSystemId, ...defaults } = (await server.call('GET', path)).body;
  assert.ok(sourceSystemId);
  assert.deepEqual(defaults, {
    format: 'auto',
    encoding: 'auto',
    tolerance: { percent: 1, count: 10 },
    deactivationLimit: { percent: 10, count: 25 },
    linkByUserName: false,
    applyPolicy: 'whenClean',
    limits: [],
    unmatchedLimit: { percent: 20, count: 25 },
    limitWindowHours: 168,
    schedule: NOTHING_SCHEDULED,
    classAnchor: 'id',
    acceptedDomains: { student: [], teacher: [] },
    idsAcrossKinds: 'ask',
  });
  const changed = await server.call('PATCH', path, { applyPolicy: 'alwaysAsk' });
  assert.deepEqual(
    [changed.status, changed.body.applyPolicy, changed.body.linkByUserName],
    [200, 'alwaysAsk', false],
  );
  for (const body of [
    undefined,
    [],
    { applyPolicy: 'yes' },
    { format: 'xlsx' },
    { foo: 1 },
    { tolerance: { percent: -1, count: 0 } },
  ]) {
    const answer = await server.call('PATCH', path, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
  }
});

test('runs and their findings are read back', async () => {
  const id = await server.newProfile('Runs');
  const { runId } = await start(id, async (run) => {
    await server.rows(
      `insert into bulk.finding (run_id, finding_no, severity, code, file, line, field, value, kind, source_id, message)
       select $1, n * 10, 'error', 'REQUIRED_MISSING', 'student.csv', n, 'Username', null, 'student', 's' || n, 'empty'
         from generate_series(1, 12) n`,
      run,
    );
    await server.setRun(run, 'held', {
      errorCode: 'VerdictHeld',
      message: 'too many',
      counts: { kinds: {} },
    });
  });
  const runs = await server.call('GET', `/api/v1/profiles/${id}/runs?$top=1`);
  assert.deepEqual(
    [runs.body.value.length, runs.body.value[0].id, runs.body.value[0].state],
    [1, runId, 'held'],
  );
  const run = await server.call('GET', `/api/v1/runs/${runId}`);
  assert.deepEqual(
    [run.body.errorCode, run.body.message, run.body.findings.length],
    ['VerdictHeld', 'too many', 12],
  );
  const lines: number[] = [];
  let path: string | undefined = `/api/v1/runs/${runId}/findings?$top=5`;
  while (path !== undefined) {
    const page = await server.call('GET', path);
    lines.push(...page.body.value.map((finding: { line: number }) => finding.line));
    path = page.body['@odata.nextLink']?.slice(server.baseUrl.length);
  }
  assert.deepEqual(lines, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('a start while another one seals makes uploadUrl answer 409', async () => {
  const id = await server.newProfile('Sealing');
  await server.call('GET', `${P}/${id}/uploadUrl`);
  const client = await server.db.app.connect();
  try {
    await client.query(`begin; set local rollbook.tenant_id = '${server.tenantId}'`);
    await client.query('select 1 from upload where profile_id = $1 for update', [id]);
    assertConflict(await server.call('GET', `${P}/${id}/uploadUrl`), /in a moment/u);
  } finally {
    await client.query('rollback');
    client.release();
  }
  assert.equal((await server.call('GET', `${P}/${id}/uploadUrl`)).status, 200);
  assert.equal((await server.call('POST', P, csvProfileBody('After'))).status, 202);
});
