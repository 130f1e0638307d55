import { FINDING_CODES, type FindingCode, type Severity } from '#core/findings.ts';
import type { DependantCount } from '#core/validate/finding-groups.ts';
import type { RowTotals } from '#core/validate/validation-report.ts';

import type { ColumnDefinition, FileDefinition, ReaderName } from './csv/format.ts';
import { FORMATS } from './csv/formats.ts';
import { IdTable, UNKNOWN } from './csv/id-table.ts';
import type { FindingDetail, FindingHead, FindingObserver } from './finding-collector.ts';

/** Dropped records whose reason is remembered, in all: some 50 MB. */
const REMEMBERED_RECORDS = 1_000_000;
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
  /** Dropped records by id; the state of each is the number of its code, from 1. */
  readonly dropped: IdTable;
}

/** Rows of one column that name a dropped record. */
interface ColumnTally {
  readonly file: string;
  readonly field: string;
  /** The file of the records named; empty: not known. */
  readonly target: string;
  /** By the number of the code, from 1; 0: not remembered. */
  readonly rowCounts: Uint32Array;
}

const CODES = Object.keys(FINDING_CODES) as FindingCode[];

/**
 * Counts rows by the worst that was found in them, and the rows that a dropped record takes with it under the code that
 * dropped it: also where the record named was dropped for a third one. It has to hear of every finding; memory is bounded.
 */
export class RowTally implements FindingObserver {
  readonly #files = new Map<string, FileTally>();
  readonly #columns: ColumnTally[] = [];
  readonly #id = Buffer.alloc(MAX_ID_LENGTH * 4);
  readonly #seed: number;
  /** Records that may still be remembered. */
  #left: number;

  /** `seed` is random: nobody can choose ids that collide. */
  constructor(seed: number, remembered: number = REMEMBERED_RECORDS) {
    this.#seed = seed;
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
      if (cause !== UNKNOWN && SECTION_FILES.has(file)) this.#remember(file, sourceId, cause);
    } else if (severity === 'error') {
      tally.rank = BAD;
      tally.codes.add(code);
      this.#remember(file, sourceId, CODES.indexOf(code) + 1);
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
      tally = {
        line: 0,
        rank: GOOD,
        warned: 0,
        waiting: 0,
        codes: new Set(),
        dropped: new IdTable(this.#seed),
      };
      this.#files.set(file, tally);
    }
    return tally;
  }

  #remember(file: string, sourceId: string, cause: number): void {
    if (!NAMED_FILES.has(file) || sourceId === '' || sourceId.length > MAX_ID_LENGTH) return;
    const { dropped } = this.#fileTally(file);
    if (this.#left === 0) return;
    const index = dropped.add(this.#id, 0, this.#id.write(sourceId));
    // The first error of a record stands for it.
    if (dropped.states[index] !== UNKNOWN) return;
    dropped.states[index] = cause;
    this.#left -= 1;
  }

  /** @returns the number of the code, or UNKNOWN. */
  #countDependant(file: string, field: string, id: string): number {
    const column = this.#columnTally(file, field);
    const cause = this.#causeOf(column.target, id);
    column.rowCounts[cause] = (column.rowCounts[cause] as number) + 1;
    return cause;
  }

  #columnTally(file: string, field: string): ColumnTally {
    const known = this.#columns.find((column) => column.field === field && column.file === file);
    if (known !== undefined) return known;
    const rowCounts = new Uint32Array(CODES.length + 1);
    const column = { file, field, target: fileNamedBy(file, field), rowCounts };
    this.#columns.push(column);
    return column;
  }

  #causeOf(file: string, id: string): number {
    const dropped = this.#files.get(file)?.dropped;
    if (dropped === undefined || id.length > MAX_ID_LENGTH) return UNKNOWN;
    const index = dropped.find(this.#id, 0, this.#id.write(id));
    return index === -1 ? UNKNOWN : (dropped.states[index] as number);
  }

  #dependantCounts(): DependantCount[] {
    return this.#columns.flatMap(({ file, field, target, rowCounts }) => {
      const counts = new Map<FindingCode | null, number>();
      for (const [cause, rowCount] of rowCounts.entries()) {
        if (rowCount === 0) continue;
        const code = cause === UNKNOWN ? this.#onlyCauseIn(target) : (CODES[cause - 1] ?? null);
        counts.set(code, (counts.get(code) ?? 0) + rowCount);
      }
      return Array.from(counts, ([code, rowCount]) => ({ code, file, field, rowCount }));
    });
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
const NAMED_FILES = new Set(filesRead('schools', 'sections', 'students', 'teachers', 'contacts'));
const SECTION_FILES = new Set(filesRead('sections'));

function filesRead(...readers: readonly ReaderName[]): string[] {
  return Object.values(FORMATS).flatMap(({ files }) =>
    files.filter(({ reader }) => readers.includes(reader)).map(({ name }) => name),
  );
}

/** The file with the records that a column names; empty: not known. */
function fileNamedBy(file: string, field: string): string {
  for (const { files } of Object.values(FORMATS)) {
    const definition = files.find(({ name }) => name === file);
    const column = definition?.columns.find(({ title }) => title === field);
    if (definition === undefined || column === undefined) continue;
    const reader = readerNamedBy(definition, column);
    const target = files.find((other) => other.reader === reader);
    if (target !== undefined) return target.name;
  }
  return '';
}

function readerNamedBy({ reader }: FileDefinition, { part, property }: ColumnDefinition): ReaderName | null {
  if (part === 'member') return 'teachers';
  if (part !== 'reference') return null;
  if (property === 'school') return 'schools';
  if (property === 'section') return 'sections';
  if (property === 'contact') return 'contacts';
  return reader === 'teacherEnrollments' ? 'teachers' : 'students';
}
