import { pluralOf } from '#core/plan/verdict-reason.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';

import type { KindCountsAnswer, RunAnswer } from '../client/answers.ts';
import { formatCount } from './format.ts';
import { textTable } from './text-table.ts';

export interface RunTotals {
  readonly records: number;
  /** Everything that was, or would be, written. */
  readonly changes: number;
  readonly created: number;
  /** To accounts that were there. */
  readonly linked: number;
  readonly updated: number;
  readonly ended: number;
  /** Waiting for a decision: in none of the others. */
  readonly held: number;
  readonly unchanged: number;
}

/** Sums over all kinds; null while the run has no counts. */
export function runTotals(run: RunAnswer): RunTotals | null {
  if (!run.counts) return null;
  const rows = Object.values(run.counts.kinds).filter((row) => row !== undefined);
  const sum = (of: (row: KindCountsAnswer) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  const created = sum((row) => row.created);
  const linked = sum((row) => row.linked);
  const updated = sum((row) => row.updated + row.reactivated);
  const ended = sum((row) => row.ended);
  return {
    records: sum((row) => row.records),
    changes: created + linked + updated + ended,
    created,
    linked,
    updated,
    ended,
    held: sum((row) => row.held),
    unchanged: sum((row) => row.unchanged),
  };
}

/** Counts per kind as a table. Kinds without records and changes are left out. */
export function countLines(run: RunAnswer): string[] {
  const kinds = run.counts?.kinds;
  if (kinds === undefined) return [];
  const shown = KINDS.flatMap((kind): [Kind, KindCountsAnswer][] => {
    const row = kinds[kind];
    return row === undefined || (row.records === 0 && row.ended === 0) ? [] : [[kind, row]];
  });
  if (shown.length === 0) return [];
  const linked = shown.some(([, row]) => row.linked > 0);
  const held = shown.some(([, row]) => row.held > 0);
  const numbers = [
    'in the files',
    'created',
    ...(linked ? ['linked'] : []),
    'updated',
    'ended',
    ...(held ? ['held'] : []),
    'unchanged',
  ];
  return textTable(
    [{ title: '' }, ...numbers.map((title) => ({ title, align: 'right' as const }))],
    shown.map(([kind, row]) => [
      pluralOf(kind),
      ...[
        row.records,
        row.created,
        ...(linked ? [row.linked] : []),
        row.updated + row.reactivated,
        row.ended,
        ...(held ? [row.held] : []),
        row.unchanged,
      ].map(formatCount),
    ]),
  );
}
