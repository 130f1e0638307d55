/**
 * A small school in each format, and one change of every kind at once: the plan and the directory are written down by hand from the rules
 * (docs/guide/formats.md), and the same files once more change nothing. SDS V1 and V2.1 have theirs in sync.test.ts and sds-v2-1.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RosterFormat } from '#core/roster/formats.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, syncClient } from '#test/helpers/sync-client.ts';
import { GOLDEN } from '#test/helpers/golden-changes.ts';

/** What is there, and what has ended. */
const DIRECTORY = `select line from (
  select 'org ' || external_id || ' ' || display_name as line, active from org
  union all select 'session ' || external_id || ' ' || display_name, active from academic_session
  union all select 'course ' || external_id || ' ' || display_name, active from course
  union all select 'class ' || c.external_id || ' ' || c.display_name || ' in ' || o.external_id, c.active from class c join org o on o.id = c.org_id
  union all select p.primary_role || ' ' || coalesce(p.student_external_id, p.teacher_external_id) || ' ' || p.given_name || ' ' || p.surname
      || ' ' || a.user_name, p.active from person p join account a on a.person_id = p.id and a.enabled = p.active
  union all select 'role ' || coalesce(p.student_external_id, p.teacher_external_id) || ' in ' || o.external_id || ' ' || r.role, r.active
    from role r join person p on p.id = r.person_id join org o on o.id = r.org_id
  union all select 'place ' || coalesce(p.student_external_id, p.teacher_external_id) || ' in ' || c.external_id || ' ' || e.role, e.active
    from enrollment e join person p on p.id = e.person_id join class c on c.id = e.class_id) as lines where active = $1`;

interface PlanItem {
  readonly kind: string;
  readonly action: string;
  readonly sourceId: string | null;
}

for (const [format, { files, changes, plan, directory, ended }] of Object.entries(GOLDEN)) {
  test(`${format}: one change of every kind`, async () => {
    const rollbook = await startTestRollbook();
    try {
      const client = syncClient(rollbook);
      const profile = await client.createProfile({ displayName: format });
      await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { format: format as RosterFormat });
      const first = await client.sync(profile, files);
      assert.equal(first.status, 'success', first.statusMessage);
      const changed: Record<string, string> = { ...files };
      for (const [name, from, to] of changes) {
        const text = String(changed[name]);
        assert.equal(text.split(from).length, 2, `${name} has "${from}" once`);
        changed[name] = text.replace(from, to);
      }
      const second = await client.sync(profile, changed);
      assert.equal(second.status, 'success', second.statusMessage);
      const run = await client.latestRun(profile);
      const items = await client.all<PlanItem>(`/api/v1/runs/${run.id}/plan/items`);
      assert.deepEqual(
        items.map(({ action, kind, sourceId }) => `${action} ${kind} ${sourceId}`).toSorted(),
        plan.toSorted(),
      );
      const lines = async (active: boolean): Promise<string[]> =>
        (await rollbook.rows(DIRECTORY, [active])).map(({ line }) => String(line)).toSorted();
      assert.deepEqual(await lines(true), directory.toSorted());
      assert.deepEqual(await lines(false), ended.toSorted());
      assert.equal((await client.sync(profile, changed)).status, 'success');
      assert.deepEqual(await changesOf(client, profile), {}, 'the same files change nothing');
    } finally {
      await rollbook.stop();
    }
  });
}
