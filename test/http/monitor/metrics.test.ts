/** What /metrics says of runs, profiles and requests, on a Rollbook that works. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';

import { METRICS } from '#core/telemetry/metric-table.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ settings: { APPLICATION_REQUESTS: '5000' } });
});
after(() => rollbook.stop());

async function read(from = rollbook.baseUrl): Promise<string> {
  const answer = await fetch(`${from}/metrics`);
  assert.equal(answer.status, 200);
  return answer.text();
}

/** The value of a series, or null. */
function valueOf(text: string, series: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

test('a run leaves its rows, its seconds and its end; nobody of the roster is in it', async () => {
  const client = syncClient(rollbook);
  const profile = await client.createProfile({ displayName: 'Elmwood District' });
  const roster = smallRoster({ schools: 1, sections: 2, students: 12 });
  const broken = csvFiles(roster);
  broken['Student.csv'] += `${JSON.stringify('only one cell')}\r\n`;
  const status = await client.sync(profile, broken);
  const text = await read();
  const of = (series: string): number | null => valueOf(text, series);
  assert.equal(of('rollbook_staged_records_total{kind="student"}'), 12);
  assert.equal(of('rollbook_planned_items_total{kind="student",action="create"}'), 12);
  assert.equal(of('rollbook_applied_items_total{kind="student"}'), 12);
  assert.equal(of('rollbook_dropped_rows_total'), 1);
  for (const stage of ['staging', 'planning', 'applying', 'completing'])
    assert.equal(of(`rollbook_run_stage_seconds_count{stage="${stage}"}`), 1, stage);
  assert.equal(of('rollbook_runs_left_total{state="completed"}'), 1);
  assert.equal(of('rollbook_run_failures_total{class="database"}'), 0, 'there before the first one');
  assert.ok(Number(of('rollbook_upload_bytes_total')) > 500);
  assert.equal(of('rollbook_database_up'), 1);
  assert.equal(of('rollbook_queue_runs'), 0);
  assert.equal(of('rollbook_database_connections_most{pool="app"}'), 10 + 2, 'ten, and two runs at once');
  assert.equal(of('rollbook_slow_statements_total'), 0);
  const names = [...roster.student, ...roster.teacher, ...roster.school].flatMap((row) =>
    [row['First Name'], row['Last Name'], row['Username'], row['Name'], row['SIS ID']].filter(
      (value) => value !== undefined && value.length > 3,
    ),
  );
  assert.ok(names.length > 20);
  for (const secret of [...names, 'Elmwood', rollbook.tenantId, profile, rollbook.clientId])
    assert.ok(!text.includes(String(secret)), `${secret} is in the metrics`);
  assert.equal(status.status, 'error');
});

test('profiles are counted by the status that their clients see, and by how long they are silent', async () => {
  await rollbook.rows(
    `update profile set last_synchronization_at = now() - interval '30 hours' where display_name = 'Elmwood District'`,
  );
  const client = syncClient(rollbook);
  await client.createProfile({ displayName: 'Never started' });
  await rollbook.restart();
  let text = await read();
  assert.equal(valueOf(text, 'rollbook_profiles{status="error"}'), 1);
  assert.equal(valueOf(text, 'rollbook_profiles{status="paused"}'), 1);
  assert.equal(valueOf(text, 'rollbook_profiles{status="quarantined"}'), 0);
  for (const [hours, count] of [
    ['24', 1],
    ['48', 0],
  ] as const)
    assert.equal(valueOf(text, `rollbook_profiles_without_success{hours="${hours}"}`), count);
  const silent = Number(valueOf(text, 'rollbook_oldest_success_seconds'));
  assert.ok(silent > 107_000 && silent < 110_000, String(silent));
  await rollbook.rows(
    `update profile set quarantined_at = now(), quarantine_reason = 'IngestionInterrupted' where display_name = 'Elmwood District'`,
  );
  await rollbook.restart();
  text = await read();
  assert.equal(valueOf(text, 'rollbook_profiles{status="quarantined"}'), 1);
  assert.equal(valueOf(text, 'rollbook_profiles{status="error"}'), 0);
});

test('routes stand under their pattern, whatever was in the URL; unknown ones and methods are one each', async () => {
  for (let n = 0; n < 3; n++) {
    await rollbook.api(`/v1.0/education/users/ana.elm-${n}`);
    await rollbook.api(`/nothing/ana.elm-${n}`);
  }
  const text = await read();
  assert.equal(
    valueOf(
      text,
      'rollbook_http_requests_total{method="GET",route="/v1.0/education/users/:id",status="4xx"}',
    ),
    3,
  );
  assert.equal(
    valueOf(text, 'rollbook_http_request_seconds_count{method="GET",route="/v1.0/education/users/:id"}'),
    3,
  );
  assert.equal(valueOf(text, 'rollbook_http_requests_total{method="GET",route="(none)",status="4xx"}'), 3);
  assert.ok(!text.includes('ana.elm'));
});

test('every metric has its place in the text, and every label value is one of the list', async () => {
  const text = await read();
  for (const [name, definition] of Object.entries(METRICS)) {
    assert.ok(text.includes(`# TYPE ${name} ${definition.type}\n`), name);
    assert.ok(text.includes(`# HELP ${name} `), name);
  }
  const unlisted = text.split('\n').filter((line) => /"other"/.test(line.replace('class="other"', '')));
  assert.deepEqual(unlisted, [], 'a value of a label is missing in its list');
});

test('429 is counted', async () => {
  const throttled = await startTestRollbook({ settings: { APPLICATION_REQUESTS: '1' } });
  try {
    for (let n = 0; n < 3; n++) await throttled.api('/v1.0/education/schools');
    assert.equal(valueOf(await read(throttled.baseUrl), 'rollbook_http_throttled_total'), 2);
  } finally {
    await throttled.stop();
  }
});

function get(url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    })
      .once('error', reject)
      .end();
  });
}

test('without a token only this machine may read, and nobody through a proxy', async () => {
  for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
    const { status, text } = await get(`${rollbook.baseUrl}/metrics`, { [name]: '127.0.0.1' });
    assert.equal(status, 403, name);
    assert.ok(text.includes('METRICS_TOKEN') && !text.includes('rollbook_'));
  }
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  assert.ok(outside, 'the machine has an address beside its own');
  const open = await startTestRollbook({
    settings: { HOST: '0.0.0.0', METRICS_PORT: '0', METRICS_HOST: '0.0.0.0' },
  });
  try {
    const port = new URL(open.baseUrl).port;
    assert.equal((await get(`http://127.0.0.1:${port}/metrics`, {})).status, 200);
    assert.equal((await get(`http://${outside.address}:${port}/metrics`, {})).status, 403);
    const own = new URL(open.metricsAddress ?? '').port;
    assert.equal((await get(`http://127.0.0.1:${own}/metrics`, {})).status, 200);
    assert.equal((await get(`http://${outside.address}:${own}/metrics`, {})).status, 403);
  } finally {
    await open.stop();
  }
});

test('with a token everybody who has it may read, and nobody else; it is in no log and no list of settings', async () => {
  const guarded = await startTestRollbook({
    settings: { METRICS_TOKEN: 'a-long-token-of-metrics', METRICS_PORT: '0', LOG_LEVEL: 'trace' },
  });
  try {
    for (const base of [guarded.baseUrl, guarded.metricsAddress ?? '']) {
      const url = `${base}/metrics`;
      assert.equal((await get(url, {})).status, 401);
      assert.equal((await get(url, { authorization: 'Bearer a-long-token-of-metricz' })).status, 401);
      assert.equal((await get(url, { authorization: 'Basic a-long-token-of-metrics' })).status, 401);
      const read = await get(url, {
        authorization: 'Bearer a-long-token-of-metrics',
        'x-forwarded-for': '1.1.1.1',
      });
      assert.equal(read.status, 200);
      assert.match(read.text, /^rollbook_build_info\{version="0\.0\.0-test",mode="all"\} 1$/m);
    }
    assert.equal((await get(`${guarded.metricsAddress}/healthz`, {})).status, 404);
    assert.ok(!guarded.logLines.join('\n').includes('a-long-token'));
  } finally {
    await guarded.stop();
  }
});

test('a worker, which serves no API, has its numbers on METRICS_PORT', async () => {
  const worker = await startTestRollbook({ settings: { MODE: 'worker', METRICS_PORT: '0' } });
  try {
    const text = await read(worker.metricsAddress);
    assert.match(text, /^rollbook_build_info\{version="0\.0\.0-test",mode="worker"\} 1$/m);
    assert.equal(valueOf(text, 'rollbook_database_up'), 1);
  } finally {
    await worker.stop();
  }
});
