/**
 * Findings: what is wrong with somebody's data. They are values, stored and counted, never thrown.
 * fatal: the run stops; error: the record is dropped; warning: the value is dropped or something was assumed.
 */
export type Severity = 'fatal' | 'error' | 'warning' | 'information';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** File name in lower case, for instance `student.csv`. */
  readonly file: string;
  /** Line in the file, the header being 1. */
  readonly line?: number;
  /** Column title as documented, for instance `SIS ID`. */
  readonly field?: string;
  /** The offending value, shortened to 256 characters. Personal data: never logged. */
  readonly value?: string;
  readonly kind?: string;
  readonly sourceId?: string;
  readonly message: string;
}

/** Exact number of rows per file, code and field, whatever number of single findings was kept. */
export interface FindingCount {
  readonly file: string;
  readonly code: FindingCode;
  readonly field: string;
  readonly severity: Severity;
  readonly rowCount: number;
}

export interface FindingDefinition {
  readonly severity: Severity;
  readonly title: string;
  readonly remedy: string;
}

/** The catalogue. Codes are stable; docs are generated from it. Rules: SDS V1 as documented by Microsoft, RFC 4180. */
export const FINDING_CODES = {
  FILE_MISSING_REQUIRED: {
    severity: 'fatal',
    title: 'A required file is missing',
    remedy:
      'Upload all files of the format (SDS V1 has six: school, section, student, teacher, studentenrollment, teacherroster). If another format was meant, look at what the run took it for and why, and set it in the settings of the profile.',
  },
  FILE_PAIR_INCOMPLETE: {
    severity: 'fatal',
    title: 'One of the files that belong together is missing',
    remedy: 'Export both again (classes and enrollments, for instance), or leave both out.',
  },
  FILE_DELTA: {
    severity: 'information',
    title: 'A file holds changes alone',
    remedy:
      'Nothing to do: a sync merges it into the last whole set. Without a server it is checked by itself, and not whether what its rows name is there.',
  },
  DELTA_WITHOUT_BASE: {
    severity: 'fatal',
    title: 'A delta file, and no whole set that it could change',
    remedy: 'Upload a bulk set with all files, then go on with delta files.',
  },
  DELTA_SKIPPED: {
    severity: 'warning',
    title: 'An earlier upload could not be read, and its changes are missing',
    remedy: 'Upload a bulk set: nobody knows what the earlier files would have changed.',
  },
  DELTA_CAUGHT_UP: {
    severity: 'information',
    title: 'An earlier upload was taken along',
    remedy:
      'Nothing to do: a newer start had taken its place before it was read, and its changes are in this run.',
  },
  FILE_UNKNOWN: {
    severity: 'fatal',
    title: 'A file that is not part of the format',
    remedy: 'Upload only the files of the format; remove or rename this one.',
  },
  FILE_IGNORED: {
    severity: 'warning',
    title: 'A file of the format that is not read',
    remedy: 'Nothing to do: administrators (Clever: admins) are not synchronized.',
  },
  FILE_DUPLICATE: {
    severity: 'fatal',
    title: 'A file is there twice',
    remedy: 'Keep one of them, each under its own name: letter case makes no difference in file names.',
  },
  FILE_EMPTY: {
    severity: 'warning',
    title: 'A file has a header and no rows',
    remedy:
      'If this is not intended, export again. If the file had rows before, the run waits for a confirmation.',
  },
  FILE_EMPTY_HAD_ROWS: {
    severity: 'fatal',
    title: 'A file that had rows has none now',
    remedy: 'Export again and start again; if the file is really empty, confirm it by name when you resume.',
  },
  FILE_TRUNCATED: {
    severity: 'fatal',
    title: 'A file ends in the middle',
    remedy: 'Upload the file again; the last line is cut off.',
  },
  ZIP_DAMAGED: {
    severity: 'fatal',
    title: 'A zip is damaged, cut off, or no zip',
    remedy: 'Make the zip again and upload it again; nothing of it was taken.',
  },
  ZIP_TOO_LARGE: {
    severity: 'fatal',
    title: 'A zip unpacks to more than it states, or than is taken',
    remedy:
      'Send the six files of one roster alone. A file may have UPLOAD_FILE_BYTES, all together UPLOAD_BYTES, and at most 200 times what they have in the zip.',
  },
  ZIP_TOO_MANY_ENTRIES: {
    severity: 'fatal',
    title: 'A zip has too many entries',
    remedy: 'Zip the files of the roster alone; at most 256 entries are taken.',
  },
  ZIP_OVERLAP: {
    severity: 'fatal',
    title: 'Entries of a zip use the same bytes',
    remedy: 'No archiver makes such a zip by itself: find out where it came from, and make it again.',
  },
  ZIP_ENCRYPTED: {
    severity: 'fatal',
    title: 'A file in the zip is protected with a password',
    remedy:
      'Make the zip without a password; the upload itself is encrypted on its way and where it is kept.',
  },
  ZIP_METHOD_UNSUPPORTED: {
    severity: 'fatal',
    title: 'A file in the zip is compressed by a method that is not read',
    remedy: 'Make the zip with the usual method, deflate (Windows, macOS and zip do so by themselves).',
  },
  ZIP_ENTRY_UNSUPPORTED: {
    severity: 'fatal',
    title: 'An entry of the zip is no ordinary file',
    remedy: 'Zip the files themselves, not links to them.',
  },
  ZIP_NAME_INVALID: {
    severity: 'fatal',
    title: 'An entry of the zip has a name that is not taken',
    remedy: 'Names are those of loose files, such as student.csv, with / alone between folder and file.',
  },
  ZIP_NESTED: {
    severity: 'fatal',
    title: 'An archive is inside of the zip',
    remedy: 'Zip the files themselves: a zip in a zip is not opened.',
  },
  ZIP_FOLDERS: {
    severity: 'fatal',
    title: 'A zip has several folders, or folders beside files',
    remedy: 'Zip the files of one roster, alone or in one folder.',
  },
  ZIP_FOLDER: {
    severity: 'information',
    title: 'The files of the zip are in a folder',
    remedy: 'Accepted: all files are in that one folder, so there is no doubt which are meant.',
  },
  ZIP_EMPTY: {
    severity: 'fatal',
    title: 'A zip holds no file',
    remedy: 'Zip the files of the roster and upload the zip again.',
  },
  ZIP_SEVERAL: {
    severity: 'fatal',
    title: 'There is more than one zip',
    remedy: 'Upload one zip with all files of the roster, or the files themselves.',
  },
  MANIFEST_UNREADABLE: {
    severity: 'fatal',
    title: 'The manifest cannot be read',
    remedy:
      'manifest.json names files with "rows", "sizeBytes" or "sha256". Correct it, or leave it out: it is not required.',
  },
  MANIFEST_MISMATCH: {
    severity: 'fatal',
    title: 'A file is not what the manifest says',
    remedy:
      'The file was cut off or changed on its way, or the manifest is an older one. Upload all files anew.',
  },
  ENCODING_NOT_UTF8: {
    severity: 'fatal',
    title: 'A file is not UTF-8, nor in another encoding beyond doubt',
    remedy:
      'Save or export the file as UTF-8, or say what it is: `encoding` of the profile, windows-1250 or windows-1252.',
  },
  ENCODING_ASSUMED: {
    severity: 'warning',
    title: 'A file is read in another encoding than UTF-8',
    remedy:
      'Look at a few names with accents; if they are wrong, export the file as UTF-8, or say what it is: `encoding` of the profile, windows-1250 (Central Europe) or windows-1252.',
  },
  SEPARATOR_ASSUMED: {
    severity: 'information',
    title: 'The columns of a file are separated by semicolons or tabs',
    remedy: 'Accepted; nothing to do.',
  },
  HEADER_UNREADABLE: {
    severity: 'fatal',
    title: 'The header line cannot be read',
    remedy:
      'The first line holds the column titles, at most 1,000, separated by commas, semicolons or tabs; its quotes are closed, lines end with CRLF or LF.',
  },
  HEADER_MISSING: {
    severity: 'fatal',
    title: 'A required column is missing',
    remedy: 'Add the column to the header line of the file.',
  },
  HEADER_DUPLICATE: {
    severity: 'fatal',
    title: 'A column appears twice',
    remedy: 'Remove or rename one of the two columns.',
  },
  HEADER_UNKNOWN: {
    severity: 'warning',
    title: 'A column that is not part of the format',
    remedy: 'The column is ignored; remove it or correct its title.',
  },
  ROW_FIELD_COUNT: {
    severity: 'error',
    title: 'A row has too few or too many fields',
    remedy: 'Correct the row; values that hold a separator stand in double quotes.',
  },
  ROW_BROKEN_QUOTE: {
    severity: 'error',
    title: 'A quote is not closed, or stands inside a value',
    remedy: 'Close the quote on the same line and double quotes inside values; values have no line breaks.',
  },
  ROW_CONTROL_CHARACTER: {
    severity: 'error',
    title: 'A row holds control characters',
    remedy: 'Remove the character (a NUL, a DEL, a lone carriage return, ...) in the source system.',
  },
  ROW_TOO_LONG: {
    severity: 'error',
    title: 'A row is longer than the limit',
    remedy: 'Shorten the row; a missing line break may have joined rows.',
  },
  ROW_TOTALS: {
    severity: 'warning',
    title: 'The last row holds totals, not a record',
    remedy: 'The row is ignored; leave it out of the export.',
  },
  REQUIRED_MISSING: {
    severity: 'error',
    title: 'A required value is empty',
    remedy: 'Fill in the value in the source system.',
  },
  VALUE_TOO_LONG: {
    severity: 'error',
    title: 'A value is longer than the directory takes',
    remedy: 'Shorten the value. A value that may be empty is left out (a warning); otherwise the record is.',
  },
  ID_INVALID: {
    severity: 'error',
    title: 'An id holds characters or a length that the directory does not take',
    remedy:
      'Section ids: at most 56 characters, letters a to z and digits, no blanks and none of ~"#%&*:<>?/\\{|}.[]@(),; (or let the profile replace them: handleSpecialCharacterConstraint).',
  },
  ID_DUPLICATE: {
    severity: 'warning',
    title: 'An id appears more than once, with other values',
    remedy:
      'The first row counts. Remove the other rows, or correct their id. (A person in several schools has one row per school, alike but for the school.)',
  },
  USERNAME_DUPLICATE: {
    severity: 'warning',
    title: 'A user name appears more than once',
    remedy: 'Give each person a user name of their own.',
  },
  USERNAME_INVALID: {
    severity: 'error',
    title: 'A user name holds characters that a user principal name does not take',
    remedy:
      "Use letters a to z, digits and . - _ ! # ^ ~ ' only, at most 64 characters before the domain; without an @, the profile needs a domain for the role.",
  },
  USERNAME_DOMAIN: {
    severity: 'error',
    title: 'A user name has a domain that the profile does not accept',
    remedy: 'Correct the user name, or add the domain to acceptedDomains in the settings of the profile.',
  },
  ROW_DUPLICATE: {
    severity: 'warning',
    title: 'A row is there twice',
    remedy: 'The second one is ignored.',
  },
  REFERENCE_NOT_FOUND: {
    severity: 'error',
    title: 'A row names a record that is not in the files',
    remedy: 'Add the record to its file, or correct the id.',
  },
  REFERENCE_DROPPED: {
    severity: 'information',
    title: 'A row names a record that was dropped',
    remedy: 'Correct the record named; this row follows it.',
  },
  ORG_CIRCLE: {
    severity: 'warning',
    title: 'The parents of an org lead back to itself',
    remedy: 'Correct parentSourcedId; one of the orgs in the circle is taken without its parent.',
  },
  SESSION_CIRCLE: {
    severity: 'warning',
    title: 'The parents of an academic session lead back to itself',
    remedy: 'Correct parentSourcedId; one of the sessions in the circle is taken without its parent.',
  },
  USER_WITHOUT_ROLE: {
    severity: 'information',
    title: 'A user has no role that makes an account',
    remedy: 'Nothing to do for contacts. A student or a member of staff needs a row in roles.csv.',
  },
  ROLE_UNDECIDED: {
    severity: 'warning',
    title: 'Nobody has said what a role of the exporter counts as, and it took the place of another',
    remedy:
      'Add the role to studentRoles, staffRoles or otherRoles (neither): `rollbook lists add staffRoles ext:tutor`. Until then the user stays what the user was.',
  },
  ROW_WITHDRAWN: {
    severity: 'information',
    title: 'A row says that its record is not there any more, or names one that is not',
    remedy:
      'Nothing to do: the record ends, as if the row were missing. Roles and places in classes go with their person, org or class.',
  },
  ORG_WITHDRAWN_NAMED: {
    severity: 'warning',
    title: 'A school or another org is withdrawn by its own row, and other rows still name it',
    remedy:
      'Its classes, the places in them and the roles in it go with it; a course or an org below it stays without it. If that is not meant, correct the status of the org; else leave these rows out, too.',
  },
  ROW_OUTDATED: {
    severity: 'warning',
    title: 'A row of a delta file is older than what is known',
    remedy:
      'Nothing to do if delta files came in another order than they were made: the newer row stays. If dateLastModified is wrong, upload a bulk set.',
  },
  DATE_INVALID: {
    severity: 'warning',
    title: 'A date is none',
    remedy:
      'Write dates as YYYY-MM-DD. A required date that is none is an error: the record is dropped, and keeps what it had.',
  },
  DATE_AMBIGUOUS_FORMAT: {
    severity: 'information',
    title: 'All dates of a column fit both M/D/YYYY and D/M/YYYY',
    remedy:
      'Accepted, with slashes as M/D/YYYY, with dots as D.M.YYYY; with dashes they are left out. YYYY-MM-DD leaves no doubt.',
  },
  DATE_ORDER_ASSUMED: {
    severity: 'information',
    title: 'Dates of a column are written M/D/YYYY or D/M/YYYY',
    remedy: 'Accepted in the order in which all of them are dates; YYYY-MM-DD leaves no doubt.',
  },
  DATE_ORDER_MIXED: {
    severity: 'fatal',
    title: 'Dates of a column are in two orders',
    remedy:
      'Some can only be M/D/YYYY, others only D/M/YYYY, and nobody can tell what the rest is. Write all of them as YYYY-MM-DD. (One in a hundred is taken for a slip, and is no date.)',
  },
  DATE_RANGE: {
    severity: 'warning',
    title: 'A term, a role or a place in a class ends before it starts',
    remedy: 'Correct the dates; the end date is left out.',
  },
  ENUM_UNKNOWN: {
    severity: 'warning',
    title: 'A value is not in its list',
    remedy:
      'Write one of the codes of the list, or add the value to it (`rollbook lists`). A required value that is not in the list is an error, and the record is dropped; SDS V1 and Clever files are taken as received (an information).',
  },
  ENUM_EXTENSION: {
    severity: 'information',
    title: "A value of the exporter's own, which begins with ext:",
    remedy:
      'Accepted as it is. A role that begins so counts as neither student nor staff, and makes no account, until it is added to staffRoles or studentRoles (`rollbook lists`). otherRoles is for those that are neither.',
  },
  EMAIL_INVALID: {
    severity: 'warning',
    title: 'An e-mail address is none',
    remedy:
      'Correct the address. SDS V1 and Clever files are taken as received (an information); a contact without a good address is left out.',
  },
  PHONE_INVALID: {
    severity: 'warning',
    title: 'A phone number is none',
    remedy:
      'Write one number of 3 to 15 digits, best as +14255550100; blanks and ( ) - . / are taken. SDS V1 and Clever files are taken as received (an information).',
  },
  BOOLEAN_INVALID: {
    severity: 'warning',
    title: 'A value is neither true nor false',
    remedy: 'Write true or false, in any letter case.',
  },
  YEAR_INVALID: {
    severity: 'warning',
    title: 'A year is none',
    remedy:
      'Write the year as YYYY. An academic session without its year is dropped (an error); SDS V1 and Clever files are taken as received (an information).',
  },
  CONTACT_INCOMPLETE: {
    severity: 'error',
    title: 'A contact has no e-mail address, or no name',
    remedy:
      'Fill both in. The contact is left out; until its row is corrected or gone, no contact of the student is removed.',
  },
  CONTACTS_TOO_MANY: {
    severity: 'error',
    title: 'A student has more contacts than are kept',
    remedy: 'Of one student 100 contacts are kept. An id that many students share may be the reason.',
  },
  RELATIONSHIP_UNKNOWN: {
    severity: 'information',
    title: 'A word for what a contact is to a student is not known',
    remedy:
      'Taken for Other. Known are Parent, Relative, Aide, Doctor, Guardian, Child, Administrator and Other, and in Clever some more (Mother, Father, Grandparent, ...).',
  },
  ABSENCE_NOT_PROVEN: {
    severity: 'information',
    title: 'Records were not ended, since some rows could not be read',
    remedy: 'Correct the unreadable rows; what is absent then ends with the next sync.',
  },
} as const satisfies Record<string, FindingDefinition>;

export type FindingCode = keyof typeof FINDING_CODES;
