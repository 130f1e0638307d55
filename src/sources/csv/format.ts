import type { RecordName } from '#core/roster/record-codes.ts';
import type { RosterFormat } from '#core/roster/formats.ts';

import type { DetailName } from './person-details.ts';

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
}

/** In lower case. */
export type FileName = string;

export type Entity = 'school' | 'section' | 'student' | 'teacher';

/** What a row is mapped to. */
export type ReaderName =
  | 'schools'
  | 'sections'
  | 'students'
  | 'teachers'
  | 'studentEnrollments'
  | 'teacherEnrollments'
  | 'contacts'
  | 'guardians';

/** The record a column's value belongs to. `contact`: a contact of the row's person. `secret` goes into no record and no hash; `unread`: known, and not kept yet. */
export type ColumnPart =
  'key' | 'reference' | 'record' | 'session' | 'course' | 'role' | 'member' | 'contact' | 'secret' | 'unread';

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
  /** Need not be there. Once it had rows it is missed as any other file is. */
  readonly optional?: boolean;
  /** Files without which this one says nothing: all of them come, or none. */
  readonly together?: readonly FileName[];
  /**
   * The file has no records of its own: its rows say something of the people that `feeds` names first, which goes into their records.
   * shared: what rows of another such file point at.
   */
  readonly describes?: DetailName | 'shared';
  /** A record may have several rows that differ only in columns that are not read: nothing to report. */
  readonly repeats?: boolean;
}

type ColumnOptions = Partial<Pick<ColumnDefinition, 'part' | 'required' | 'date' | 'maxLength'>>;

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

/** Titles are compared without letter case, blanks and underscores: `GradeLow` is `Grade Low`, `birth_date` is `Birthdate`. */
export function looseTitle(title: string): string {
  return title.toLowerCase().replaceAll(/[\s_]+/g, '');
}
