import { OperationalError } from '#lib/errors.ts';
import { inSpan } from '#lib/tracing.ts';
import { applyRange, bandOf, listItemBands } from '#storage/apply/apply-batch.ts';
import { giversBeyond, listNameGivers, type NameGivers } from '#storage/apply/name-givers.ts';
import { inTenant } from '#storage/database.ts';
import { databaseErrorOf } from '#storage/database-errors.ts';
import { isFirstPlan } from '#storage/plan/plan-rows.ts';
import { openBatch, recordItemFailure } from '#storage/runs/batch-fence.ts';

import type { EngineContext } from './engine-context.ts';
import { refreshAfterLoad, STATISTICS_ITEMS } from './refresh-after-load.ts';
import type { RunLease } from './run-lease.ts';

export interface ApplyInput {
  readonly tenantId: string;
  readonly runId: string;
  readonly sourceSystemId: string;
  readonly appliedItemNo: number;
  readonly pass: number;
  /** See ItemRange. */
  readonly remembers?: boolean;
  readonly keptInId?: string | null;
  /** Called after each batch; items of earlier attempts count as done. */
  readonly onBatch: (itemsDone: number, itemsTotal: number) => void;
}

/**
 * Applies what is left of a plan, batch by batch. Each batch is one transaction that checks the epoch, writes the rows
 * and moves the watermark; after a crash the next worker goes on behind it. A batch with an item that the database refuses is halved
 * until that item stands alone: it becomes a failure, the others are applied.
 * @returns milliseconds per kind.
 */
export async function applyPlan(
  context: EngineContext,
  lease: RunLease,
  input: ApplyInput,
): Promise<Record<string, number>> {
  const { metrics, tracing } = context.telemetry;
  const { bands, total, isFirst } = await inTenant(
    context.db,
    input.tenantId,
    async (tx) => ({
      ...(await listItemBands(tx, input.runId, input.appliedItemNo, input.pass)),
      isFirst: await isFirstPlan(tx, input.runId),
    }),
    { readOnly: true },
  );
  let itemsDone = total - bands.reduce((sum, { items }) => sum + items, 0);
  const timings: Record<string, number> = {};
  const names: KnownNames = { givers: null };
  for (const band of bands) {
    const startedMs = performance.now();
    const kind = bandOf(band.firstItemNo);
    // Who and what memberships lead to is there now, as of this minute: nobody else has told PostgreSQL of it yet.
    if (isFirst && kind === 'role' && total >= STATISTICS_ITEMS) await refreshAfterLoad(context, input.runId);
    let left = band.items;
    for (let first = band.firstItemNo; first <= band.lastItemNo; first += context.settings.batchItems) {
      await lease.check();
      const last = Math.min(band.lastItemNo, first + context.settings.batchItems - 1);
      // Numbers may have gaps where items are held: the band says how many there are.
      const items = Math.min(left, last - first + 1);
      left -= items;
      const attributes = { 'rollbook.kind': kind, 'rollbook.items': items, 'rollbook.item.first': first };
      await inSpan(tracing, 'apply batch', attributes, () =>
        applyOrHalve(context, lease, input, names, first, last),
      );
      metrics.add('rollbook_applied_items_total', { kind }, items);
      itemsDone += last - first + 1;
      input.onBatch(Math.min(itemsDone, total), total);
    }
    timings[`apply ${kind}`] = Math.round(performance.now() - startedMs);
  }
  return timings;
}

/** Who waits for whose user name; null until a name was refused, which is rare. */
interface KnownNames {
  givers: NameGivers | null;
}

async function applyOrHalve(
  context: EngineContext,
  lease: RunLease,
  input: ApplyInput,
  names: KnownNames,
  firstItemNo: number,
  lastItemNo: number,
): Promise<void> {
  try {
    await inTenant(context.db, input.tenantId, async (tx) => {
      const changeSeq = await openBatch(tx, {
        runId: input.runId,
        epoch: lease.epoch,
        sourceSystemId: input.sourceSystemId,
        lastItemNo,
      });
      await applyRange(tx, {
        runId: input.runId,
        sourceSystemId: input.sourceSystemId,
        firstItemNo,
        lastItemNo,
        changeSeq,
        renamedAhead: names.givers === null ? [] : giversBeyond(names.givers, firstItemNo, lastItemNo),
        remembers: input.remembers ?? false,
        keptInId: input.keptInId ?? null,
      });
    });
  } catch (error) {
    const refused = databaseErrorOf(error);
    if (refused?.blame !== 'data') throw error;
    await lease.check();
    if (refused.constraint === 'account_user_name' && names.givers === null) {
      // Whoever has the name may get another one in a batch behind this one: then both are renamed at once.
      names.givers = await inTenant(context.db, input.tenantId, (tx) => listNameGivers(tx, input.runId));
      await applyOrHalve(context, lease, input, names, firstItemNo, lastItemNo);
      return;
    }
    if (firstItemNo < lastItemNo) {
      const middle = firstItemNo + Math.floor((lastItemNo - firstItemNo) / 2);
      await applyOrHalve(context, lease, input, names, firstItemNo, middle);
      await applyOrHalve(context, lease, input, names, middle + 1, lastItemNo);
      return;
    }
    const failure = describeRefusal(refused.constraint);
    await inTenant(context.db, input.tenantId, async (tx) => {
      await openBatch(tx, {
        runId: input.runId,
        epoch: lease.epoch,
        sourceSystemId: input.sourceSystemId,
        lastItemNo,
      });
      await recordItemFailure(tx, { runId: input.runId, itemNo: firstItemNo, ...failure });
    });
    context.telemetry.metrics.add('rollbook_refused_items_total', {});
  }
}

/** What a refused item is called. The database's own words may hold personal data and are not repeated. */
function describeRefusal(constraint: string | undefined): { code: string; message: string } {
  if (constraint === 'account_user_name') {
    return {
      code: 'DuplicateTargetEntries',
      message:
        'An account with this user name is there already and belongs to somebody else. Change the user name.',
    };
  }
  return {
    code: 'UnSpecified',
    message: `The directory refused the record${constraint === undefined ? '' : ` (${constraint})`}. Correct its values.`,
  };
}

/** The run needs its upload, and it is gone. */
export class UploadGoneError extends OperationalError {
  override readonly name = 'UploadGoneError';
  constructor() {
    super('UploadGone', 'The files of this run were erased. Upload them again and start again.');
  }
}
