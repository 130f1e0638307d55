import type { PlanCount } from '#core/plan/verdict.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';
import type { StageResult } from '#sources/contract.ts';

/** What a run read and changes, per kind: run.counts, shown by CLI and API. */
export interface RunCounts {
  readonly kinds: Readonly<Record<Kind, KindCounts>>;
  readonly files: readonly {
    file: string;
    rows: number;
    badRows: number;
    sizeBytes: number;
    sha256: string;
  }[];
  readonly filesToConfirm: readonly string[];
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
  readonly unchanged: number;
}

/** Before planning (`plan` null) the stage's own counts; after it those of the plan. */
export function runCounts(result: StageResult, plan: readonly PlanCount[] | null): RunCounts {
  const kinds = Object.fromEntries(
    KINDS.map((kind) => {
      const staged = result.kinds[kind];
      const of = (...actions: string[]): number =>
        (plan ?? [])
          .filter((entry) => entry.kind === kind && actions.includes(entry.action))
          .reduce((sum, entry) => sum + entry.count, 0);
      const counts: KindCounts =
        plan === null
          ? {
              records: staged.records,
              created: staged.created,
              linked: 0,
              updated: staged.updated,
              reactivated: 0,
              ended: staged.ended,
              unchanged: staged.records - staged.created - staged.updated,
            }
          : {
              records: staged.records,
              created: of('create'),
              linked: of('link'),
              updated: of('update', 'move'),
              reactivated: of('reactivate'),
              ended: of('deactivate', 'end'),
              unchanged: staged.records - staged.created - staged.updated,
            };
      return [kind, counts];
    }),
  ) as Record<Kind, KindCounts>;
  return {
    kinds,
    files: result.files.map(({ file, rows, badRows, sizeBytes, sha256 }) => ({
      file,
      rows,
      badRows,
      sizeBytes,
      sha256,
    })),
    filesToConfirm: result.filesToConfirm,
    timings: result.timings,
  };
}
