import type { RecordName } from '#core/roster/record-codes.ts';
import type { RosterFormat } from '#core/roster/formats.ts';

/**
 * A roster format is data: its files, their columns, what is required when, dates, lengths, where values go, and which reader maps the rows.
 */
export interface FormatDefinition {
  readonly name: RosterFormat;
  /** As people call it. */
  readonly title: string;
  /** In the order of reading: what is pointed at comes first. */
  readonly files: readonly FileDefinition[];
  /** Part of the format, not read yet. */
  readonly ignoredFiles: readonly string[];
  /** A person has one id, whatever the roles: who is a student and a teacher is one person, and stays it when a role ends. */
  readonly sharedUserIds?: boolean;
  /** The version of OneRoster that a manifest.csv beside the files names. */
  readonly manifest?: string;
}

/** In lower case. */
export type FileName = string;

export type Entity = 'school' | 'section' | 'student' | 'teacher' | 'user';

/** What a row is mapped to. */
export type ReaderName =
  | 'schools'
  | 'sessions'
  | 'courses'
  | 'sections'
  | 'students'
  | 'teachers'
  | 'users'
  | 'usersWithRoles'
  | 'roles'
  | 'studentEnrollments'
  | 'teacherEnrollments'
  | 'enrollments';

/**
 * The record a column's value belongs to. `role`: a person's role or place in a class; `row`: what is to be done with the row; `secret` goes
 * into no record and no hash; `unread`: known, and not kept yet.
 */
export type ColumnPart =
  'key' | 'reference' | 'record' | 'session' | 'course' | 'role' | 'row' | 'member' | 'secret' | 'unread';

export interface ColumnDefinition {
  readonly title: string;
  readonly part: ColumnPart;
  /** Property of the canonical record (core/roster/records.ts); for key and reference what it is called in code. */
  readonly property: string;
  /**
   * create: only when the profile creates users. The header of a required column must be there too; header: that alone, its values may be
   * empty.
   */
  readonly required: 'always' | 'create' | 'header' | 'no';
  readonly date: boolean;
  readonly maxLength: number;
  /** Values, in lower case, that say that the record of the row is there no more. */
  readonly withdrawnBy?: readonly string[];
  /** The value is a list, of which the first counts. */
  readonly firstOfList?: boolean;
  /** Values, in lower case, that are written for others; none longer than what is written. */
  readonly means?: Readonly<Record<string, string>>;
}

export interface FileDefinition {
  readonly name: FileName;
  readonly reader: ReaderName;
  /** Whose optional columns a profile can choose; null: none to choose. */
  readonly entity: Entity | null;
  /** What one row is called in a message. */
  readonly record: string;
  readonly columns: readonly ColumnDefinition[];
  /** Records this file feeds, its main one first. */
  readonly feeds: readonly [RecordName, ...RecordName[]];
  /** May be missing, as long as none of its records is in the directory. */
  readonly optional?: boolean;
  /** Files with the same word here come all, or none. */
  readonly together?: string;
  /** A record may have several rows that differ only in columns that are not read: nothing to report. */
  readonly repeats?: boolean;
}

type ColumnOptions = Partial<
  Pick<ColumnDefinition, 'part' | 'required' | 'date' | 'maxLength' | 'withdrawnBy' | 'firstOfList' | 'means'>
>;

/** An optional column of text, unless told otherwise. */
export const column = (title: string, property: string, options: ColumnOptions = {}): ColumnDefinition => ({
  title,
  property,
  part: 'record',
  required: 'no',
  date: false,
  maxLength: 256,
  ...options,
});

/** A column with the id of the row's record, or of one that it names. */
export const id = (title: string, property: string, part: 'key' | 'reference'): ColumnDefinition =>
  column(title, property, { part, required: 'always' });

/** A column with the id of a record that the row may name. */
export const optionalId = (title: string, property: string): ColumnDefinition =>
  column(title, property, { part: 'reference' });

/** Titles are compared without letter case, blanks and underscores: `GradeLow` is `Grade Low`, `birth_date` is `Birthdate`. */
export function looseTitle(title: string): string {
  return title.toLowerCase().replaceAll(/[\s_]+/g, '');
}
