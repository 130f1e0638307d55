import type { Finding, FindingCode } from '#core/findings.ts';
import type { MappingSettings } from '../contract.ts';
import type { CsvRow } from './csv-reader.ts';
import { type ColumnDefinition, type ColumnPart, type FileDefinition, looseTitle } from './format.ts';

/** A column of the format that the file has and the profile wants. */
export interface BoundColumn extends ColumnDefinition {
  /** Its place in the row. */
  readonly position: number;
  /** Its place in the definition of the file: stands in content hashes, so that the order of columns in a file does not matter. */
  readonly ordinal: number;
  readonly valueRequired: boolean;
}

export type PersonRole = 'student' | 'teacher';

export interface BoundHeader {
  /** Fields in every row. */
  readonly fieldCount: number;
  readonly columns: readonly BoundColumn[];
  /** Identity matching, by role: the column whose value is compared with accounts; -1: none. */
  readonly matchPositions: Readonly<Record<PersonRole, number>>;
}

export type HeaderProblem = Pick<Finding, 'code' | 'field' | 'message'> & { readonly code: FindingCode };

export interface HeaderResult {
  /** Null: a fault among the problems makes the file unusable. */
  readonly header: BoundHeader | null;
  readonly problems: readonly HeaderProblem[];
}

/** Matches the header line of a file with the format and the profile's choice of columns. */
export function bindHeader(row: CsvRow, file: FileDefinition, mapping: MappingSettings): HeaderResult {
  if (row.fault !== null) {
    const why = {
      brokenQuote: 'a quote is not closed, or stands inside a title.',
      tooLong: 'it is longer than 1 MiB; perhaps the file has no line breaks.',
      cutOff: 'the file ends in the middle of it.',
      tooManyFields: 'it has more than 1,000 columns.',
      controlCharacter: describeControlCharacter(row),
    }[row.fault];
    const code =
      row.fault === 'controlCharacter' && row.bytes.includes(0) ? 'ENCODING_NOT_UTF8' : 'HEADER_UNREADABLE';
    return { header: null, problems: [{ code, message: `The header line cannot be read: ${why}` }] };
  }
  const titles = titlesOf(row);
  const problems: HeaderProblem[] = [];
  let usable = true;
  const fault = (code: FindingCode, field: string, message: string): void => {
    usable = false;
    problems.push({ code, field, message });
  };

  const positions = new Map<string, number>();
  for (const [position, title] of titles.entries()) {
    if (title === '') continue;
    const loose = looseTitle(title);
    if (positions.has(loose))
      fault(
        'HEADER_DUPLICATE',
        title.slice(0, 256),
        `The column "${title.slice(0, 256)}" is there twice, and nobody can tell which one counts.`,
      );
    else positions.set(loose, position);
  }

  const matchPosition = (role: PersonRole): number => {
    const title = matchSource(file, mapping, role);
    const position = title === null ? -1 : titles.indexOf(title);
    if (title !== null && position === -1)
      fault(
        'HEADER_MISSING',
        title.slice(0, 256),
        `The profile matches ${file.record}s by the column "${title}", which the file does not have (letter case counts).`,
      );
    return position;
  };
  const matchPositions = { student: matchPosition('student'), teacher: matchPosition('teacher') };

  const creates = mapping.identity.mode === 'create';
  const wantedTitles = wantedColumns(file, mapping);
  const columns: BoundColumn[] = [];
  for (const [ordinal, definition] of file.columns.entries()) {
    const loose = looseTitle(definition.title);
    const position = positions.get(loose);
    positions.delete(loose);
    const required =
      definition.required === 'always' ||
      definition.required === 'header' ||
      (definition.required === 'create' && creates);
    if (position === undefined) {
      if (required)
        fault('HEADER_MISSING', definition.title, `The file has no column "${definition.title}".`);
      continue;
    }
    const optional =
      definition.required === 'no' &&
      !NEVER_CHOSEN.includes(definition.part) &&
      !tellsClassesApart(definition, mapping);
    if (
      optional &&
      wantedTitles !== null &&
      !wantedTitles.has(loose) &&
      !isWithContact(definition, file, wantedTitles)
    )
      continue;
    if (definition.part === 'unread' || (definition.part === 'secret' && !creates)) continue;
    // Who is matched by another column needs no user name.
    const valueRequired =
      required && definition.required !== 'header' && (definition.property !== 'username' || creates);
    columns.push({ ...definition, position, ordinal, valueRequired });
  }
  for (const [loose, position] of positions) {
    const title = titles[position] ?? loose;
    if (position === matchPositions.student || position === matchPositions.teacher) continue;
    if (file.ownColumns !== undefined && loose.startsWith(file.ownColumns)) continue;
    problems.push({
      code: 'HEADER_UNKNOWN',
      field: title.slice(0, 256),
      message: `The column is not part of ${file.name} and is ignored.`,
    });
  }
  return {
    header: usable ? { fieldCount: titles.length, columns, matchPositions } : null,
    problems,
  };
}

/** What a row says of itself, initial passwords, and who is in a class are no properties to choose. */
const NEVER_CHOSEN: readonly ColumnPart[] = ['row', 'secret', 'member'];

/** Nor is the session, where it is a part of what a class is known by: without it all classes would be others. */
function tellsClassesApart({ part, property }: ColumnDefinition, { classAnchor }: MappingSettings): boolean {
  if (classAnchor !== 'idAndSession') return false;
  return property === 'sessions' || (part === 'session' && (property === 'id' || property === 'displayName'));
}

/** One column of a contact is wanted: so are the others, since without them it is none. */
function isWithContact(
  { part }: ColumnDefinition,
  file: FileDefinition,
  wanted: ReadonlySet<string>,
): boolean {
  return part === 'contact' && wantsContacts(file, wanted);
}

/** Does a choice of columns have one of a contact? */
export function wantsContacts({ columns }: FileDefinition, wantedTitles: ReadonlySet<string>): boolean {
  return columns.some(({ part, title }) => part === 'contact' && wantedTitles.has(looseTitle(title)));
}

/** Bytes 0: UTF-16 or UTF-32 in all likelihood. A lone CR: a file whose lines end with it is one long header line. */
function describeControlCharacter({ bytes }: CsvRow): string {
  if (bytes.includes(0))
    return 'it holds zero bytes; the file is no text, or in an encoding that is not read.';
  const cr = bytes.indexOf(CR);
  if (cr !== -1 && bytes[cr + 1] !== LF)
    return 'its lines end with a carriage return alone; save the file with the line ends CRLF or LF.';
  return 'it holds control characters.';
}

/** The titles of a header line. Blanks around them do not count, nor does a BOM inside the quotes of the first one. */
export function titlesOf(row: CsvRow): string[] {
  // Trimming takes a BOM for a blank.
  return Array.from({ length: row.count }, (_, i) =>
    row.bytes.toString('utf8', row.starts[i], row.ends[i]).trim(),
  );
}

const CR = 0x0d;
const LF = 0x0a;

function matchSource(file: FileDefinition, { identity }: MappingSettings, role: PersonRole): string | null {
  if (identity.mode !== 'match' || (file.entity !== role && file.entity !== 'user')) return null;
  return identity.options[role]?.sourceProperty ?? null;
}

/** Loose titles of the optional columns that the profile wants; null: all. Of users, what it wants of students or of teachers. */
export function wantedColumns(
  { entity }: FileDefinition,
  mapping: MappingSettings,
): ReadonlySet<string> | null {
  const { optionalProperties } = mapping;
  if (entity === null) return null;
  const lists =
    entity === 'user'
      ? [optionalProperties.student, optionalProperties.teacher]
      : [optionalProperties[entity]];
  return lists.includes(null) ? null : new Set(lists.flatMap((list) => list ?? []).map(looseTitle));
}
