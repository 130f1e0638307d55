import type { Finding } from '../findings.ts';
import type { Limit } from '../plan/limits.ts';
import { type DependantCount, type FindingGroup, groupFindings, sumRows } from './finding-groups.ts';
import type { RecognizedFormat } from '../roster/formats.ts';
import { judgeStage, type StageFacts, type StageStop } from './judge-stage.ts';

/** Rows of one file by the worst that was found in them: each row is counted once. */
export interface RowShares {
  readonly file: string;
  readonly rows: number;
  /** Nothing was found but, perhaps, information. */
  readonly good: number;
  readonly warned: number;
  /** Left out until a record that they name is corrected. */
  readonly waiting: number;
  /** Left out for an error of their own. */
  readonly bad: number;
}

/** What is told of rows besides the findings. */
export interface RowTotals {
  readonly files: readonly { readonly file: string; readonly warned: number; readonly waiting: number }[];
  readonly dependants: readonly DependantCount[];
}

/** What a check of a folder has to say, for a terminal and for a page. */
export interface ValidationReport {
  readonly folder: string;
  readonly format: RecognizedFormat;
  /** Why a sync would be held; null: it would not. */
  readonly stop: StageStop | null;
  /** All files together. */
  readonly total: Omit<RowShares, 'file'>;
  readonly files: readonly RowShares[];
  readonly groups: readonly FindingGroup[];
}

export interface ReportOptions {
  readonly tolerance: Limit | 'strict';
  /** Shown in each group. */
  readonly exampleCount: number;
}

export function validationReport(
  folder: string,
  stage: StageFacts & { readonly format: RecognizedFormat },
  kept: readonly Finding[],
  rowTotals: RowTotals,
  { tolerance, exampleCount }: ReportOptions,
): ValidationReport {
  const files = stage.files.map(({ file, rows, badRows }) => {
    const { warned = 0, waiting = 0 } = rowTotals.files.find((total) => total.file === file) ?? {};
    return {
      file,
      rows,
      good: Math.max(0, rows - badRows - warned - waiting),
      warned,
      waiting,
      bad: badRows,
    };
  });
  const sum = (name: 'rows' | 'good' | 'warned' | 'waiting' | 'bad'): number =>
    files.reduce((total, file) => total + file[name], 0);
  return {
    folder,
    format: stage.format,
    stop: judgeStage(stage, tolerance, false),
    total: {
      rows: sum('rows'),
      good: sum('good'),
      warned: sum('warned'),
      waiting: sum('waiting'),
      bad: sum('bad'),
    },
    files,
    groups: groupFindings(stage.findingCounts, kept, rowTotals.dependants, exampleCount),
  };
}

/** How many findings of a severity there are. */
export function countFindings(
  { groups }: Pick<ValidationReport, 'groups'>,
  severity: FindingGroup['severity'],
): number {
  return sumRows(groups.filter((group) => group.severity === severity));
}

/** The least that makes a check fail. */
export const FAIL_ON = ['fatal', 'error', 'warning'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export type CheckOutcome = 'ok' | 'held' | 'errors' | 'warnings';

/** What a check ends with: the worst that there is, as far as the caller wants to fail on it. */
export function outcomeOf(report: ValidationReport, failOn: FailOn): CheckOutcome {
  if (report.stop !== null) return 'held';
  if (failOn === 'fatal') return 'ok';
  if (report.total.bad > 0) return 'errors';
  return failOn === 'warning' && countFindings(report, 'warning') > 0 ? 'warnings' : 'ok';
}
