import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

test('health, readiness and metrics need no token and tell nothing of a tenant', async () => {
  const health = await fetch(`${rollbook.baseUrl}/healthz`);
  assert.deepEqual(await health.json(), { status: 'ok', version: '0.0.0-test' });
  const ready = await fetch(`${rollbook.baseUrl}/readyz`);
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready' }]);
  await rollbook.api('/v1.0/education/schools?$top=1');
  const metrics = await fetch(`${rollbook.baseUrl}/metrics`);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await metrics.text();
  assert.match(
    text,
    /^rollbook_http_requests_total\{method="GET",route="\/v1.0\/education\/schools",status="2xx"\} 1$/m,
  );
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.match(text, /^rollbook_ready 1$/m);
  for (const line of text.trimEnd().split('\n'))
    assert.match(line, /^(?:# (?:HELP|TYPE) \S+ .+|[a-z_0-9]+(?:\{.*\})? [-+\d.e]+)$/);
  assert.ok(!text.includes(rollbook.tenantId));
});

test('a stop lets requests under way end, then nothing listens', async () => {
  const other = await startTestRollbook({ https: true });
  const token = await other.token();
  const body = JSON.stringify({ displayName: 'x' });
  // The request is under way: its body is still coming when the stop begins.
  const { Readable } = await import('node:stream');
  let send: () => void = () => undefined;
  const rest = new Promise<void>((resolve) => (send = resolve));
  const stream = Readable.from(
    (async function* () {
      yield Buffer.from(body.slice(0, 3));
      await rest;
      yield Buffer.from(body.slice(3));
    })(),
  );
  const answering = fetch(`${other.baseUrl}/beta/education/synchronizationProfiles`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: Readable.toWeb(stream) as ReadableStream,
    duplex: 'half',
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const stopping = other.stop();
  send();
  assert.equal((await answering).status, 400, 'answered, although the stop had begun');
  await stopping;
  await assert.rejects(fetch(`${other.baseUrl}/healthz`));
  await assert.rejects(fetch(`${other.secureUrl}/healthz`));
});
