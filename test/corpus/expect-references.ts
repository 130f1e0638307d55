import type { FindingCode } from '#core/findings.ts';
import { type FileName, lineOf, type Roster, type Style, type Table } from './random-roster.ts';

/** A row that is no record. `id`: what can be read of its id; null: nothing. */
export interface BadRow {
  readonly file: FileName;
  readonly row: number;
  readonly id: string | null;
}

export interface ReferenceFinding {
  readonly file: FileName;
  readonly row: number;
  readonly code: FindingCode;
  readonly field: string;
}

type State = 'present' | 'dropped';

/**
 * What follows from bad rows and unusable files, by the rules of README.md and nothing else: which references dangle, and
 * which wait. Written for clearness: it knows nothing of how the program does it.
 */
export function expectReferences(
  roster: Roster,
  badRows: readonly BadRow[],
  unusable: ReadonlySet<FileName>,
): ReferenceFinding[] {
  const found: ReferenceFinding[] = [];
  const states = new Map<string, State>();
  const badRowOf = (file: FileName, row: number): BadRow | undefined =>
    badRows.find((bad) => bad.file === file && bad.row === row);
  const setState = (file: FileName, id: string, state: State): void => {
    const place = `${file} ${id}`;
    if (states.get(place) !== 'present') states.set(place, state);
  };

  /** @returns whether the row may be a record, and whether it waits. */
  const follow = (
    file: FileName,
    row: number,
    field: string,
    target: FileName,
    id: string,
  ): State | 'missing' => {
    const state = states.get(`${target} ${id}`) ?? (unusable.has(target) ? 'present' : 'missing');
    if (state !== 'present')
      found.push({
        file,
        row,
        field,
        code: state === 'dropped' ? 'REFERENCE_DROPPED' : 'REFERENCE_NOT_FOUND',
      });
    return state;
  };

  /** Records with an id; `needs`: they follow their school when it is dropped. */
  const readRecords = (file: FileName, inSchool: boolean, needs: boolean): void => {
    for (const [row, value] of readRows(roster[file])) {
      const bad = badRowOf(file, row);
      if (bad !== undefined) {
        if (bad.id !== null) setState(file, bad.id, 'dropped');
        continue;
      }
      const school = inSchool
        ? follow(file, row, 'School SIS ID', 'school.csv', value('School SIS ID'))
        : 'present';
      const lost = school === 'missing' || (school === 'dropped' && needs);
      setState(file, value('SIS ID'), lost ? 'dropped' : 'present');
    }
  };
  const readPairs = (file: FileName, people: FileName): void => {
    for (const [row, value] of readRows(roster[file])) {
      if (badRowOf(file, row) !== undefined) continue;
      follow(file, row, 'Section SIS ID', 'section.csv', value('Section SIS ID'));
      follow(file, row, 'SIS ID', people, value('SIS ID'));
    }
  };

  const isRead = (file: FileName): boolean => roster[file].rows.length > 0;
  if (isRead('school.csv')) readRecords('school.csv', false, false);
  if (isRead('section.csv')) readRecords('section.csv', true, true);
  for (const file of ['student.csv', 'teacher.csv'] as const)
    if (isRead(file)) readRecords(file, true, false);
  readPairs('studentenrollment.csv', 'student.csv');
  readPairs('teacherroster.csv', 'teacher.csv');
  return found;
}

function* readRows({ header, rows }: Table): Generator<[row: number, value: (title: string) => string]> {
  for (const [row, cells] of rows.entries()) yield [row, (title) => cells[header.indexOf(title)] ?? ''];
}

export function showReference({ file, row, code, field }: ReferenceFinding, style: Style): string {
  return `${file}:${lineOf(row, style)} ${code} ${field}`;
}
