import { RECORD_CODES, type RecordCode, type RecordName } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';
import type { RosterFormat } from '#core/roster/formats.ts';
import type { ReferenceListName } from '#core/roster/reference-lists.ts';

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
  | 'enrollments'
  | 'contacts'
  | 'guardians'
  | 'relationships'
  | 'details';

/**
 * The record a column's value belongs to. `role`: a person's role or place in a class; `row`: what is to be done with the row; `contact`: a contact of the
 * row's person; `secret` goes
 * into no record and no hash; `unread`: known, and not kept yet.
 */
export type ColumnPart =
  | 'key'
  | 'reference'
  | 'record'
  | 'session'
  | 'course'
  | 'role'
  | 'row'
  | 'member'
  | 'contact'
  | 'flag'
  | 'secret'
  | 'unread';

/**
 * What a value must be. Email: an address; phone: digits and the usual signs; year: four digits; boolean: true or false; status: active, or one
 * that says that the record is gone.
 */
export type ValueRule =
  | 'email'
  | 'phone'
  | 'boolean'
  | 'year'
  | 'status'
  | {
      readonly list: ReferenceListName;
      /** Values separated by commas. */
      readonly several?: boolean;
      /** An exporter may have values of its own, which begin with `ext:` and are taken as received (OneRoster). */
      readonly extensible?: boolean;
    };

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
  /** The value is a list, whose first is this property, too; the list itself is kept where there are several. */
  readonly firstAs?: string;
  /** A column of true and false: true adds this code to those of the property. Its part is `flag`. */
  readonly adds?: string;
  /** Values, in lower case, and what they stand for. */
  readonly means?: Readonly<Record<string, string>>;
  /** Null: any text. */
  readonly check: ValueRule | null;
  /**
   * What becomes of the value. false: it is taken as received, and one that `check` does not like is an information. true: a good one
   * becomes what it stands for (`1` the grade `01`, e-mail addresses and booleans lower case); a bad one is left out with a warning, or, where
   * it is required, the record is dropped.
   */
  readonly strict: boolean;
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
  /** Columns whose titles begin so, in lower case, are the exporter's own: they are not read, and that is no finding. */
  readonly ownColumns?: string;
  /** A record may have several rows that differ only in columns that are not read: nothing to report. */
  readonly repeats?: boolean;
}

type ColumnOptions = Partial<Omit<ColumnDefinition, 'title' | 'property'>>;

/** An optional column of text, unless told otherwise. */
export const column = (title: string, property: string, options: ColumnOptions = {}): ColumnDefinition => ({
  title,
  property,
  part: 'record',
  required: 'no',
  date: false,
  maxLength: 256,
  check: null,
  strict: false,
  ...options,
});

/** A column with the id of the row's record, or of one that it names. */
export const id = (title: string, property: string, part: 'key' | 'reference'): ColumnDefinition =>
  column(title, property, { part, required: 'always' });

/** Values of a list, as it has them: one that is not in it is left out, or, where it is required, the record is dropped. */
export const listed = (list: ReferenceListName): Pick<ColumnDefinition, 'check' | 'strict'> => ({
  check: { list },
  strict: true,
});

export const extensible = (list: ReferenceListName): Pick<ColumnDefinition, 'check' | 'strict'> => ({
  check: { list, extensible: true },
  strict: true,
});

/** The same for several values, separated by commas. */
export const severalOf = (list: ReferenceListName): Pick<ColumnDefinition, 'check' | 'strict'> => ({
  check: { list, several: true },
  strict: true,
});

export const EMAIL = { check: 'email', strict: true } as const;
export const PHONE = { check: 'phone', strict: true } as const;
export const YEAR = { check: 'year', strict: true } as const;

export const BOOLEAN = {
  check: 'boolean',
  strict: true,
  means: { '1': 'true', yes: 'true', '0': 'false', no: 'false' },
} as const;

/** Ids are short, lists of them are not. */
export const ID_LIST = { maxLength: 16_384 } as const;

/** A column with the id of a record that the row may name. */
export const optionalId = (title: string, property: string, options: ColumnOptions = {}): ColumnDefinition =>
  column(title, property, { ...options, part: 'reference' });

/** Titles are compared without letter case, blanks and underscores: `GradeLow` is `Grade Low`, `birth_date` is `Birthdate`. */
export function looseTitle(title: string): string {
  return title.toLowerCase().replaceAll(/[\s_]+/g, '');
}

/** Students, or users of all kinds: whom other files describe. */
export function isOfPeople({ reader }: FileDefinition): boolean {
  return reader === 'students' || reader === 'users' || reader === 'usersWithRoles';
}

/** How many records a row of the file is at most: it is a student or a teacher, and a role of either. */
export function recordsOfRow({ feeds, describes }: FileDefinition): number {
  if (describes !== undefined) return 0;
  return new Set(feeds.map((name) => name.replace('teacher', 'student'))).size;
}

/** The file whose silence ends a record. A format that does not know such records: the first. */
export function fileOfRecord(format: FormatDefinition, code: RecordCode): string {
  const definition = format.files.find(
    ({ feeds, describes }) => describes === undefined && feeds.some((name) => RECORD_CODES[name] === code),
  );
  return must(definition ?? format.files[0]).name;
}
