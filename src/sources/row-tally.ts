import type { FindingCode, Severity } from '#core/findings.ts';
import type { DependantCount } from '#core/validate/finding-groups.ts';
import type { RowTotals } from '#core/validate/validation-report.ts';

import type { FindingDetail, FindingHead, FindingObserver } from './finding-collector.ts';

/** Dropped records whose reason is remembered, in all: some 20 MB. */
const REMEMBERED_RECORDS = 200_000;
const MAX_ID_LENGTH = 256;

/** What a row is, by the worst that was found in it. */
const GOOD = 0;
const WARNED = 1;
const WAITING = 2;
const BAD = 3;

interface FileTally {
  /** The row under way. Findings of a file come in the order of its lines. */
  line: number;
  rank: number;
  warned: number;
  waiting: number;
  /** Codes that dropped records of this file: the cause of those that are not remembered, when there is one only. */
  readonly codes: Set<FindingCode>;
  /** Why a record was dropped. */
  readonly causeById: Map<string, FindingCode>;
}

interface MutableDependants {
  /** The file of the records named. */
  readonly target: string;
  readonly code: FindingCode | null;
  readonly file: string;
  readonly field: string;
  rowCount: number;
}

/**
 * Counts rows by the worst that was found in them, and the rows that a dropped record takes with it under the code that
 * dropped it: also where the record named was dropped for a third one. It has to hear of every finding; memory is bounded.
 */
export class RowTally implements FindingObserver {
  readonly #files = new Map<string, FileTally>();
  readonly #dependants = new Map<string, MutableDependants>();
  /** Records that may still be remembered. */
  #left: number;

  constructor(remembered: number = REMEMBERED_RECORDS) {
    this.#left = remembered;
  }

  observe({ code, file, field = '' }: FindingHead, severity: Severity, detail: FindingDetail): void {
    const { line, kind, sourceId = '', value = '' } = detail;
    // A finding about the file or its header.
    if (line === undefined || kind === undefined) return;
    const tally = this.#fileTally(file);
    if (line !== tally.line) closeRow(tally);
    tally.line = line;
    if (code === 'REFERENCE_DROPPED') {
      tally.rank = Math.max(tally.rank, WAITING);
      const cause = this.#countDependant(file, field, value);
      // A person stays when the school is dropped; a section does not.
      if (cause !== undefined && file === 'section.csv') this.#remember(file, sourceId, cause);
    } else if (severity === 'error') {
      tally.rank = BAD;
      tally.codes.add(code);
      this.#remember(file, sourceId, code);
    } else if (severity === 'warning') tally.rank = Math.max(tally.rank, WARNED);
  }

  /** Ends the count. */
  totals(): RowTotals {
    for (const tally of this.#files.values()) closeRow(tally);
    return {
      files: Array.from(this.#files, ([file, { warned, waiting }]) => ({ file, warned, waiting })),
      dependants: this.#dependantCounts(),
    };
  }

  #fileTally(file: string): FileTally {
    let tally = this.#files.get(file);
    if (tally === undefined) {
      tally = { line: 0, rank: GOOD, warned: 0, waiting: 0, codes: new Set(), causeById: new Map() };
      this.#files.set(file, tally);
    }
    return tally;
  }

  #remember(file: string, sourceId: string, code: FindingCode): void {
    if (!NAMED_FILES.has(file) || sourceId === '' || sourceId.length > MAX_ID_LENGTH) return;
    const { causeById } = this.#fileTally(file);
    // The first error of a record stands for it.
    if (this.#left === 0 || causeById.has(sourceId)) return;
    causeById.set(sourceId, code);
    this.#left -= 1;
  }

  #countDependant(file: string, field: string, id: string): FindingCode | undefined {
    const target = fileNamedBy(file, field);
    const cause = this.#files.get(target)?.causeById.get(id);
    const key = [cause ?? '', file, field].join('\n');
    const count = this.#dependants.get(key);
    if (count !== undefined) count.rowCount += 1;
    else this.#dependants.set(key, { target, code: cause ?? null, file, field, rowCount: 1 });
    return cause;
  }

  #dependantCounts(): DependantCount[] {
    const counts = new Map<string, DependantCount>();
    for (const { target, code: known, file, field, rowCount } of this.#dependants.values()) {
      const code = known ?? this.#onlyCauseIn(target);
      const key = [code ?? '', file, field].join('\n');
      counts.set(key, { code, file, field, rowCount: rowCount + (counts.get(key)?.rowCount ?? 0) });
    }
    return [...counts.values()];
  }

  /** Whatever record of the file was dropped, it was for this. */
  #onlyCauseIn(file: string): FindingCode | null {
    const tally = this.#files.get(file);
    if (tally === undefined || tally.waiting > 0 || tally.codes.size !== 1) return null;
    return [...tally.codes][0] ?? null;
  }
}

function closeRow(tally: FileTally): void {
  if (tally.rank === WARNED) tally.warned += 1;
  if (tally.rank === WAITING) tally.waiting += 1;
  tally.rank = GOOD;
}

/** Files whose records others name. */
const NAMED_FILES = new Set(['school.csv', 'section.csv', 'student.csv', 'teacher.csv']);

/** The file with the records that a column names; empty: not known. */
function fileNamedBy(file: string, field: string): string {
  if (field === 'School SIS ID') return 'school.csv';
  if (field === 'Section SIS ID') return 'section.csv';
  if (file === 'studentenrollment.csv') return 'student.csv';
  return file === 'teacherroster.csv' ? 'teacher.csv' : '';
}
