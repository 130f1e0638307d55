import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';

import { METRICS } from '#core/telemetry/metric-table.ts';
import { openMetrics } from '#lib/metrics.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';

import { collectDatabase } from './collect-database.ts';

let t: TestDatabase;
before(async () => {
  t = await testDatabase();
});
after(() => t.close());

test(
  'profiles that cannot be read in time do not make the database one that is down',
  { timeout: 60_000 },
  async () => {
    const metrics = openMetrics(METRICS);
    collectDatabase(metrics, t.db, () => new Date());
    const holder = new Client({ connectionString: t.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('lock table rollbook.profile in access exclusive mode');
      const text = await metrics.read();
      assert.match(text, /^rollbook_database_up 1$/mu);
      assert.match(text, /^rollbook_queue_runs 0$/mu);
      assert.doesNotMatch(text, /^rollbook_profiles\{/mu);
    } finally {
      await holder.end();
    }
  },
);
