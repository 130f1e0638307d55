import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openMetrics } from './metrics.ts';

const TABLE = {
  made_total: { type: 'counter', help: 'How many.', labels: { kind: ['a', 'b'] } },
  asked_total: { type: 'counter', help: 'By route.', labels: { route: null } },
  waiting: { type: 'gauge', help: 'Who waits.' },
  wait_seconds: { type: 'histogram', help: 'How long.', labels: { stage: ['one'] }, buckets: [0.1, 1] },
} as const;

test('the text of counters, gauges and histograms', async () => {
  const metrics = openMetrics(TABLE);
  metrics.add('made_total', { kind: 'a' });
  metrics.add('made_total', { kind: 'a' }, 2.5);
  metrics.set('waiting', {}, 7);
  for (const value of [0.1, 0.2, 5]) metrics.observe('wait_seconds', { stage: 'one' }, value);
  assert.equal(
    await metrics.read(),
    `# HELP made_total How many.
# TYPE made_total counter
made_total{kind="a"} 3.5
made_total{kind="b"} 0
# HELP asked_total By route.
# TYPE asked_total counter
# HELP waiting Who waits.
# TYPE waiting gauge
waiting 7
# HELP wait_seconds How long.
# TYPE wait_seconds histogram
wait_seconds_bucket{stage="one",le="0.1"} 1
wait_seconds_bucket{stage="one",le="1"} 2
wait_seconds_bucket{stage="one",le="+Inf"} 3
wait_seconds_sum{stage="one"} 5.3
wait_seconds_count{stage="one"} 3
`,
  );
});

test('a label value that is not listed counts as other, whatever it is', async () => {
  const metrics = openMetrics(TABLE);
  metrics.add('made_total', { kind: 'Ana Elm' });
  metrics.add('made_total', { kind: 'somebody else' });
  const text = await metrics.read();
  assert.match(text, /^made_total\{kind="other"\} 2$/m);
  assert.doesNotMatch(text, /Ana|somebody/);
});

test('values of a label without a list are escaped, and their number has an end', async () => {
  const metrics = openMetrics(TABLE);
  metrics.add('asked_total', { route: '/a"b\\c\nd' });
  for (let n = 0; n < 6_000; n++) metrics.add('asked_total', { route: `/${n}` });
  const lines = (await metrics.read()).split('\n').filter((line) => line.startsWith('asked_total{'));
  assert.equal(lines[0], 'asked_total{route="/a\\"b\\\\c\\nd"} 1');
  assert.equal(lines.length, 5_000);
});

test('a counter never goes back, a gauge can be forgotten', async () => {
  const metrics = openMetrics(TABLE);
  metrics.add('made_total', { kind: 'b' }, -3);
  metrics.set('waiting', {}, 7);
  metrics.clear('waiting');
  const text = await metrics.read();
  assert.match(text, /^made_total\{kind="b"\} 0$/m);
  assert.doesNotMatch(text, /^waiting /m);
});

test('what collects is asked at every reading, and one that fails spoils no other', async () => {
  const metrics = openMetrics(TABLE);
  let readings = 0;
  metrics.beforeReading(() => Promise.reject(new Error('no database')));
  metrics.beforeReading(async () => {
    await Promise.resolve();
    metrics.set('waiting', {}, ++readings);
  });
  await metrics.read();
  assert.match(await metrics.read(), /^waiting 2$/m);
});
