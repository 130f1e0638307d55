/** Dashboard, alerts and guide name metrics: each has to exist, with labels and values that it can have. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { METRICS } from '#core/telemetry/metric-table.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import type { MetricDefinition } from '#lib/metrics.ts';

const read = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../docs/${path}`, import.meta.url)), 'utf8');

const DASHBOARD = 'grafana/rollbook.json';
const ALERTS = 'prometheus/rollbook-alerts.yml';

/** What Prometheus adds to whatever it reads. */
const ADDED_LABELS = ['job', 'instance', 'le'];

const definitions: Readonly<Record<string, MetricDefinition>> = METRICS;
const definitionOf = (name: string): MetricDefinition | undefined =>
  definitions[name] ?? definitions[name.replace(/_(?:bucket|sum|count)$/, '')];

async function expressionsOf(path: string): Promise<string[]> {
  const text = await read(path);
  if (path.endsWith('.yml')) return [...text.matchAll(/^ +expr: (.+)$/gm)].map(([, expr = '']) => expr);
  const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

for (const path of [DASHBOARD, ALERTS])
  test(`${path} asks for metrics that /metrics exports, by labels that they have`, async () => {
    const exported = await openTelemetry().metrics.read();
    const expressions = await expressionsOf(path);
    assert.ok(expressions.length > 10);
    for (const expression of expressions) {
      const used = [...expression.matchAll(/\b((?:rollbook|process)_\w+)(?:\{([^}]*)\})?/g)];
      assert.ok(used.length > 0 || expression.startsWith('up{'), expression);
      for (const [, name = '', selector = ''] of used) {
        const definition = definitionOf(name);
        assert.ok(definition, `${name} in ${expression}`);
        const bare = definition === definitions[name] ? name : name.replace(/_(?:bucket|sum|count)$/, '');
        assert.ok(exported.includes(`# TYPE ${bare} ${definition.type}\n`), bare);
        assert.equal(definition.type === 'histogram', bare !== name, `${name} is a ${definition.type}`);
        for (const [, label = '', operator = '', value = ''] of selector.matchAll(
          /(\w+)(=~|!=|=)"([^"]*)"/g,
        )) {
          if (ADDED_LABELS.includes(label)) continue;
          const values = definition.labels?.[label];
          assert.ok(values !== undefined, `${name} has no label ${label}`);
          if (values !== null && operator !== '=~')
            assert.ok(values.includes(value), `${label} of ${name} is never ${value}`);
        }
      }
      for (const [, labels = ''] of expression.matchAll(/\bby \(([^)]*)\)/g))
        for (const label of labels.split(/, */).filter((word) => !ADDED_LABELS.includes(word)))
          assert.ok(
            used.some(([, name = '']) => definitionOf(name)?.labels?.[label] !== undefined),
            `by (${label}) in ${expression}`,
          );
    }
  });

test('counters are shown as rates and increases, gauges as they are', async () => {
  for (const path of [DASHBOARD, ALERTS])
    for (const expression of await expressionsOf(path))
      for (const [, name = ''] of expression.matchAll(/\b((?:rollbook|process)_\w+)/g)) {
        const isRate = /\b(?:rate|increase)\(/.test(expression);
        assert.equal(isRate, definitionOf(name)?.type !== 'gauge', `${name} in ${expression}`);
      }
});

test('the dashboard leaves no metric out, and its panels have places of their own', async () => {
  const all = (await expressionsOf(DASHBOARD)).join('\n');
  const missing = Object.keys(METRICS).filter((name) => !all.includes(name));
  // When a process started stands in its age only.
  assert.deepEqual(missing, ['process_start_time_seconds']);
  const { panels } = JSON.parse(await read(DASHBOARD)) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number } }[];
  };
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  assert.equal(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size, panels.length);
  assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});

test('the guide names metrics and alerts that there are', async () => {
  const guide = await read('guide/monitoring.md');
  for (const [, name = ''] of guide.matchAll(/`((?:rollbook|process)_[a-z_0-9]+)/g))
    assert.ok(definitionOf(name), name);
  const alerts = [...(await read(ALERTS)).matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  assert.ok(alerts.length >= 10);
  for (const name of alerts) assert.ok(guide.includes(`\`${name}\``), `${name} is not in the guide`);
});
