/** Traces of a Rollbook of its own process, as a collector on the wire gets them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { NO_TRACING } from '#lib/tracing.ts';
import { type CollectedSpan, otlpCollector, type OtlpCollector } from '#test/fakes/otlp-collector.ts';
import { emptyTestDatabase } from '#test/helpers/database.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { type Credentials, fetchToken } from '#test/helpers/rollbook-process.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

import { openTracing, readTraceparent } from '../../src/main/telemetry/open-tracing.ts';

const MAIN = fileURLToPath(new URL('../../src/main/launch.ts', import.meta.url));
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const roster = smallRoster({ schools: 1, sections: 2, students: 12 });

let collector: OtlpCollector;
let database: Awaited<ReturnType<typeof emptyTestDatabase>>;
let dataDir: string;
let log = '';
let credentials: Credentials;
before(async () => {
  collector = await otlpCollector();
  database = await emptyTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'rollbook-tracing-'));
  await work({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=of-the-collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
});
after(async () => {
  await collector.close();
  await database.close();
  await rm(dataDir, { recursive: true });
});

/** Serves, syncs, asks with a traceparent, and ends in order, which sends what is left. */
async function work(env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env: {
      ...process.env,
      PORT: '0',
      HTTPS_PORT: 'off',
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      SECRET_KEY: TEST_SECRET_KEY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const baseUrl = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new Error(`it ended: ${log}`)));
  });
  try {
    credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as Credentials;
    const token = await fetchToken(baseUrl, credentials);
    const client = syncClient({ baseUrl, token: () => Promise.resolve(token) });
    const profile = await client.createProfile({ displayName: 'Elmwood District' });
    await client.sync(profile, csvFiles(roster));
    const headers = { authorization: `Bearer ${token}`, traceparent: `00-${TRACE}-${CALLER}-01` };
    await fetch(`${baseUrl}/v1.0/education/users?$filter=displayName eq 'Ana Elm'`, { headers });
    await fetch(`${baseUrl}/v1.0/$batch`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/education/schools' }] }),
    });
    await fetch(`${baseUrl}/healthz`);
    await fetch(`${baseUrl}/metrics`);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

function one(name: string, where: (span: CollectedSpan) => boolean = () => true): CollectedSpan {
  const found = collector.spans.filter((span) => span.name === name && where(span));
  assert.equal(found.length, 1, `${name}: ${collector.spans.map((span) => span.name).join(', ')}`);
  return found[0] as CollectedSpan;
}

test('a run is a trace: its stages are the children, its batches the children of apply', () => {
  const run = one('run');
  assert.equal(run.parentSpanId, '');
  assert.equal(run.attributes['rollbook.tenant.id'], credentials.tenantId);
  assert.equal(run.attributes['rollbook.run.state'], 'completed');
  assert.equal(run.attributes['rollbook.run.attempt'], 1);
  for (const stage of ['staging', 'planning', 'applying', 'completing']) {
    const span = one(`run ${stage}`);
    assert.deepEqual([span.traceId, span.parentSpanId], [run.traceId, run.spanId], stage);
    assert.ok(span.seconds > 0 && span.seconds <= run.seconds, stage);
  }
  const applying = one('run applying');
  const batches = collector.spans.filter(({ name }) => name === 'apply batch');
  assert.ok(batches.length >= 4);
  for (const batch of batches) assert.equal(batch.parentSpanId, applying.spanId);
  const students = batches.find(({ attributes }) => attributes['rollbook.kind'] === 'student');
  assert.equal(students?.attributes['rollbook.items'], 12);
});

test('a run is linked to the request that asked for it, in whose trace it is not', () => {
  const run = one('run');
  const start = one('POST /beta/education/synchronizationProfiles/:id/start');
  assert.deepEqual(run.links, [{ traceId: start.traceId, spanId: start.spanId }]);
  assert.notEqual(run.traceId, start.traceId);
  assert.deepEqual(start.links, []);
});

test('a request is a span under its route, and the child of what its traceparent names', () => {
  const users = one('GET /v1.0/education/users', ({ traceId }) => traceId === TRACE);
  assert.deepEqual([users.kind, users.parentSpanId], [2, CALLER]);
  assert.equal(users.attributes['http.response.status_code'], 200);
  assert.equal(users.attributes['http.route'], '/v1.0/education/users');
  const alone = one('POST /:tenant/oauth2/v2.0/token');
  assert.equal(alone.parentSpanId, '');
  assert.notEqual(alone.traceId, TRACE);
});

test('the requests of a batch are children of the batch, although its body came first', () => {
  const batch = one('POST /v1.0/$batch');
  const item = one('GET /v1.0/education/schools', ({ traceId }) => traceId === TRACE);
  assert.equal(item.parentSpanId, batch.spanId);
});

test('health and metrics leave no span', () => {
  assert.deepEqual(
    collector.spans.filter(({ name }) => /healthz|metrics|readyz/.test(name)),
    [],
  );
});

test('the standard variables are heeded: headers and attributes of the resource', () => {
  assert.ok(collector.received.every((text) => text.includes('"x-collector-key":"of-the-collector"')));
  const { resource } = one('run');
  assert.equal(resource['service.name'], 'rollbook');
  assert.equal(resource['deployment.environment.name'], 'test');
});

test('no name, id or user name of a child, no file, no filter and no secret goes to the collector', () => {
  const everything = collector.received.join('\n');
  const people = [...roster.student, ...roster.teacher].flatMap((row) => [
    row['First Name'],
    row['Last Name'],
    row['Username'],
  ]);
  const forbidden = [
    ...people.filter((value) => value !== undefined && value.length > 3),
    'Ana',
    'filter',
    'Elmwood',
    'student.csv',
    'sig=',
    'Bearer',
    credentials.clientSecret,
    TEST_SECRET_KEY.slice(3),
    new URL(database.url).password || 'postgresql://',
  ];
  for (const text of forbidden)
    assert.ok(!everything.toLowerCase().includes(String(text).toLowerCase()), `${text} is in a trace`);
});

test('the lines of the log carry the ids of their trace', () => {
  const lines = log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const users = lines.find(({ route, trace_id: id }) => route === '/v1.0/education/users' && id === TRACE);
  const span = one('GET /v1.0/education/users', ({ traceId }) => traceId === TRACE);
  assert.equal(users?.['span_id'], span.spanId);
  assert.ok(lines.some(({ msg, trace_id: id }) => msg === 'rollbook is ready' && id === undefined));
});

test('without the variables, and when they say no, nothing is loaded or sent', async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
  ])
    assert.equal(await openTracing(env, '0'), NO_TRACING);
});

test('a collector that is gone stops nothing', async () => {
  const sent = collector.received.length;
  await work({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
  assert.equal(collector.received.length, sent);
});

test('what is no traceparent counts as none', () => {
  const good = `00-${TRACE}-${CALLER}-01`;
  assert.equal(readTraceparent(good)?.traceId, TRACE);
  assert.equal(readTraceparent(`cc-${TRACE}-${CALLER}-01-what-comes-later`)?.spanId, CALLER);
  for (const bad of [
    undefined,
    '',
    `${good}-more`,
    `ff-${TRACE}-${CALLER}-01`,
    `00-${'0'.repeat(32)}-${CALLER}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    good.toUpperCase(),
    `${good}\n`,
    `00-${TRACE}-${CALLER}-01; drop table`,
  ])
    assert.equal(readTraceparent(bad), undefined, String(bad));
});
