import { createHash } from 'node:crypto';

import type { MatchProperty } from '#core/run/profile.ts';
import { ENDINGS_BAND_START, ITEM_BAND, KINDS, type Kind } from '#core/roster/kinds.ts';
import { formatUuid, realSystem } from '#lib/system.ts';
import { applyRange, listItemBands } from '#storage/apply/apply-batch.ts';
import { type Database, inTenant } from '#storage/database.ts';
import { joinByHash, joinFreely } from '#storage/plan/join-by-hash.ts';
import { failDependants, failRepeatedUserNames, resolveMatches } from '#storage/plan/resolve-identities.ts';

import { resolveIncomplete } from '#storage/plan/resolve-incomplete.ts';
import { hasLinks, resolveAbsentRecords, resolveKnownRecords } from '#storage/plan/resolve-links.ts';
import { resolveTakenUserNames } from '#storage/plan/taken-user-names.ts';
import { openBatch } from '#storage/runs/batch-fence.ts';

/** A staged item as a test writes it; keys are made from kind and id. */
export interface TestItem {
  readonly kind: Kind;
  readonly action: 'create' | 'update' | 'end';
  readonly id: string;
  readonly after?: Record<string, unknown>;
  /** `kind:id` of what it points at. */
  readonly first?: string;
  readonly second?: string;
  readonly third?: string;
}

/** The key of a record in these tests. */
export function keyOf(reference: string): string {
  return formatUuid(createHash('sha256').update(reference).digest());
}

/** A source system with its profile, for tests below the engine. */
export async function addSourceSystem(
  db: Database,
  tenantId: string,
  options: { name?: string; priority?: number } = {},
): Promise<{ sourceSystemId: string; profileId: string }> {
  const sourceSystemId = realSystem.newId();
  const profileId = realSystem.newId();
  await inTenant(db, tenantId, async (tx) => {
    await tx.query(
      'insert into source_system (tenant_id, id, name, priority) values (current_tenant(), $1, $2, $3)',
      [sourceSystemId, options.name ?? 'source', options.priority ?? 100],
    );
    await tx.query(
      `insert into profile (tenant_id, id, source_system_id, display_name, data_provider, identity_configuration, state)
       values (current_tenant(), $1, $2, 'profile', '{}', '{}', 'provisioned')`,
      [profileId, sourceSystemId],
    );
  });
  return { sourceSystemId, profileId };
}

/** Plans the items against the directory and applies them, as a run does after its stage. @returns the failures. */
export async function planAndApply(
  db: Database,
  tenantId: string,
  source: { sourceSystemId: string; profileId: string },
  items: readonly TestItem[],
  options: {
    linkByUserName?: boolean;
    match?: MatchProperty;
    /** Accounts are found as for many people: aboutManyPeople. */
    many?: boolean;
    batchItems?: number;
    beforeApply?: () => Promise<void>;
  } = {},
): Promise<{ runId: string; failures: { id: string; code: string }[]; actions: string[] }> {
  const runId = realSystem.newId();
  const scope = { runId, sourceSystemId: source.sourceSystemId };
  await inTenant(db, tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'applying', 1, 'test')`,
      [runId, source.profileId],
    );
    const next = new Map<number, number>();
    for (const item of items) {
      const band = item.action === 'end' ? ENDINGS_BAND_START : KINDS.indexOf(item.kind) * ITEM_BAND;
      const place = (next.get(band) ?? 0) + 1;
      next.set(band, place);
      await tx.query(
        `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, first_key, second_key,
           third_key, object_id, after, file, line)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'test.csv', $14)`,
        [
          runId,
          band + place,
          item.kind,
          item.action,
          item.action === 'end' ? 'absentInSource' : 'newInSource',
          keyOf(`${item.kind}:${item.id}`),
          item.action === 'end' ? null : contentOf(item),
          item.action === 'end' ? null : item.id,
          item.first === undefined ? null : keyOf(item.first),
          item.second === undefined ? null : keyOf(item.second),
          item.third === undefined ? null : keyOf(item.third),
          item.action === 'create' ? realSystem.newId() : null,
          item.after === undefined ? null : JSON.stringify(item.after),
          place + 1,
        ],
      );
    }
    await joinByHash(tx);
    if (await hasLinks(tx, scope)) {
      await resolveKnownRecords(tx, scope);
      await resolveIncomplete(tx, scope);
      await resolveAbsentRecords(tx, scope);
    }
    if (options.match === undefined) {
      await resolveTakenUserNames(tx, scope, options.linkByUserName ?? false, options.many ?? false);
      await failRepeatedUserNames(tx, scope);
    } else {
      const rule = { student: options.match, teacher: options.match };
      await resolveMatches(tx, scope, 'student', rule, options.many ?? false);
      await resolveMatches(tx, scope, 'teacher', rule, options.many ?? false);
    }
    await failDependants(tx, scope);
    await joinFreely(tx);
  });
  await options.beforeApply?.();
  const step = options.batchItems ?? 1_000;
  const { bands } = await inTenant(db, tenantId, (tx) => listItemBands(tx, runId, 0));
  for (const band of bands) {
    for (let firstItemNo = band.firstItemNo; firstItemNo <= band.lastItemNo; firstItemNo += step) {
      const lastItemNo = Math.min(band.lastItemNo, firstItemNo + step - 1);
      await inTenant(db, tenantId, async (tx) => {
        const changeSeq = await openBatch(tx, { ...scope, epoch: 1, lastItemNo });
        await applyRange(tx, { ...scope, firstItemNo, lastItemNo, changeSeq });
      });
    }
  }
  return inTenant(db, tenantId, async (tx) => {
    await tx.query(`update run set state = 'completed' where id = $1`, [runId]);
    const failures = await tx.query<{ id: string; code: string }>(
      `select i.kind || ':' || i.source_id as id, f.code from plan_item_failure f
         join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no where f.run_id = $1 order by f.item_no`,
      [runId],
    );
    const actions = await tx.query<{ line: string }>(
      `select action || ' ' || kind || ':' || coalesce(source_id, '?') as line from plan_item where run_id = $1 order by item_no`,
      [runId],
    );
    return { runId, failures, actions: actions.map(({ line }) => line) };
  });
}

function contentOf(item: TestItem): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([item.after, item.first, item.second, item.third]))
    .digest();
  return digest.readBigInt64BE(0).toString();
}
