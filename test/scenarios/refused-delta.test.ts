import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import {
  bulkFiles,
  copyOfSet,
  deltaFiles,
  type OneRosterSet,
  smallOneRoster,
} from '#test/helpers/one-roster.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

function changed(set: OneRosterSet, change: (next: OneRosterSet) => void): OneRosterSet {
  const next = copyOfSet(set);
  change(next);
  return next;
}
const rename = (set: OneRosterSet, id: string, givenName: string): void =>
  void set.users.set(id, { ...set.users.get(id), sourcedId: id, givenName });

for (const kind of ['delta', 'bulk'] as const)
  test(`a ${kind} upload that was refused: the delta files after it say that its changes are missing`, async () => {
    const rollbook = await startTestRollbook();
    try {
      const client = syncClient(rollbook);
      const profile = await client.createProfile();
      const first = smallOneRoster();
      assert.equal((await client.sync(profile, bulkFiles(first))).status, 'success');
      const second = changed(first, (set) => rename(set, 's-a1', 'Lost'));
      const files = kind === 'delta' ? deltaFiles(first, second) : bulkFiles(second);
      await client.upload(profile, { ...files, 'users.csv': must(files['users.csv']).slice(0, -12) });
      assert.equal((await client.start(profile)).status, 400);
      const third = changed(second, (set) => rename(set, 's-a3', 'Taken'));
      const status = await client.sync(profile, deltaFiles(second, third));
      const { findings } = (await client.latestRun(profile)) as unknown as {
        findings: { code: string; message: string }[];
      };
      const names = await rollbook.rows(
        `select a.user_name, p.given_name from person p join account a on a.person_id = p.id
          where a.user_name like 's-a1@%' or a.user_name like 's-a3@%' order by 1`,
      );
      assert.ok(
        findings.some(({ code }) => code === 'DELTA_SKIPPED'),
        `${status.status}; ${JSON.stringify(names)}; findings: ${JSON.stringify(findings)}`,
      );
    } finally {
      await rollbook.stop();
    }
  });
