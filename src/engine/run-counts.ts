import type { PlanCount } from '#core/plan/verdict.ts';
import type { RecognizedFormat } from '#core/roster/formats.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';
import type { MergeSummary, StageResult } from '#sources/contract.ts';

/** What a run read and changes, per kind: run.counts, shown by CLI and API. */
export interface RunCounts {
  /** Of the files; absent for a run that reads none. */
  readonly format?: RecognizedFormat;
  readonly kinds: Readonly<Record<Kind, KindCounts>>;
  readonly files: readonly {
    file: string;
    rows: number;
    badRows: number;
    sizeBytes: number;
    sha256: string;
    /** The zip it was in; null: it came loose. */
    archive: string | null;
  }[];
  readonly filesToConfirm: readonly string[];
  /** Delta files were merged into the set before; absent: the files are as they were uploaded. */
  readonly merge?: MergeSummary;
  /** Milliseconds per step. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface KindCounts {
  /** Valid records in the files. */
  readonly records: number;
  readonly created: number;
  readonly linked: number;
  readonly updated: number;
  readonly reactivated: number;
  readonly ended: number;
  /** Of these changes, those that wait for a decision or for the end of an adds-only window: not in the numbers above. */
  readonly held: number;
  readonly unchanged: number;
}

/** A count of the plan with how many of it are held. */
export type HeldCount = PlanCount & { readonly held: number };

/** What the plan does to a kind, the held items left out. Someone who leaves for another school ends here; a class that moves is changed. */
export function plannedCounts(
  plan: readonly HeldCount[],
  kind: Kind,
): Pick<KindCounts, 'created' | 'linked' | 'updated' | 'reactivated' | 'ended' | 'held'> {
  const own = plan.filter((entry) => entry.kind === kind);
  const of = (...actions: string[]): number =>
    own
      .filter(({ action }) => actions.includes(action))
      .reduce((sum, { count, held }) => sum + count - held, 0);
  return {
    created: of('create'),
    linked: of('link'),
    updated: of('update', ...(kind === 'class' ? ['move'] : [])),
    reactivated: of('reactivate'),
    ended: of('deactivate', 'end', ...(kind === 'class' ? [] : ['move'])),
    held: own.reduce((sum, { held }) => sum + held, 0),
  };
}

/** Before planning (`plan` null) the stage's own counts; after it those of the plan. */
export function runCounts(result: StageResult, plan: readonly HeldCount[] | null): RunCounts {
  const kinds = Object.fromEntries(
    KINDS.map((kind) => {
      const staged = result.kinds[kind];
      const counts: KindCounts =
        plan === null
          ? {
              records: staged.records,
              created: staged.created,
              linked: 0,
              updated: staged.updated,
              reactivated: 0,
              ended: staged.ended,
              held: 0,
              unchanged: staged.records - staged.created - staged.updated,
            }
          : {
              records: staged.records,
              ...plannedCounts(plan, kind),
              unchanged: staged.records - staged.created - staged.updated,
            };
      return [kind, counts];
    }),
  ) as Record<Kind, KindCounts>;
  return {
    format: result.format,
    kinds,
    files: result.files.map(({ file, rows, badRows, sizeBytes, sha256, archive }) => ({
      file,
      rows,
      badRows,
      sizeBytes,
      sha256,
      archive,
    })),
    filesToConfirm: result.filesToConfirm,
    ...(result.merge === null ? {} : { merge: result.merge }),
    timings: result.timings,
  };
}

/** Of a run that reads no files. */
export function countsWithoutFiles(plan: readonly HeldCount[]): RunCounts {
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, { records: 0, ...plannedCounts(plan, kind), unchanged: 0 }]),
  ) as Record<Kind, KindCounts>;
  return { kinds, files: [], filesToConfirm: [], timings: {} };
}

/** The stored counts of a run with what the plan does now that more of it was released. */
export function withPlannedCounts(stored: unknown, plan: readonly HeldCount[]): unknown {
  if (typeof stored !== 'object' || stored === null || !('kinds' in stored)) return stored;
  const before = stored.kinds as Partial<Record<Kind, KindCounts>>;
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [kind, { ...before[kind], ...plannedCounts(plan, kind) }]),
  );
  return { ...stored, kinds };
}
