import type { RosterFormat } from '#core/roster/formats.ts';
import { must } from '#lib/assert.ts';
import { type FileDefinition, looseTitle } from '#sources/csv/format.ts';
import { FORMATS } from '#sources/csv/formats.ts';
import {
  rowsOf,
  toCleverFormat,
  toOneRosterFormat,
  toUkFormat,
  toV21Format,
  toV2Format,
} from '#test/helpers/other-formats.ts';
import { FILE_NAMES, joinLines, makeRoster, type Size, type Table, writeLines } from './random-roster.ts';

const PLAIN = { crlf: true, bom: false, quoteAll: false, lastBreak: true, blankLines: 0 };

type Files = Record<string, string>;

const CONVERT: Readonly<Record<RosterFormat, (v1: Files) => Files>> = {
  'sds-v1': (v1) => v1,
  'sds-v1-uk': toUkFormat,
  'sds-v2': toV2Format,
  'sds-v2.1': toV21Format,
  'oneroster-1.1': (v1) => toOneRosterFormat(v1, '1.1'),
  'oneroster-1.2': (v1) => toOneRosterFormat(v1, '1.2'),
  clever: (v1) => withIsoDates(toCleverFormat(v1)),
};

/** The order of days and months is another matter: no finding of it here. */
function withIsoDates(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text.replaceAll(/\b(\d\d)\/(\d\d)\/(\d{4})\b/gu, '$3-$1-$2'),
    ]),
  );
}

const OF_USERS: readonly RosterFormat[] = ['sds-v2', 'sds-v2.1', 'oneroster-1.1', 'oneroster-1.2'];
/** Of these a user has one role. */
const ONE_ROLE: readonly RosterFormat[] = ['sds-v2', 'oneroster-1.1'];

/**
 * A made-up roster in a format, without a fault. Where users have one id: beside what the roster has, a user of both groups (if the format has
 * such), and a student who assists in a class.
 */
export function makeFiles(format: RosterFormat, size: Size): Files {
  const roster = makeRoster(size);
  const isOfUsers = OF_USERS.includes(format);
  if (isOfUsers && !ONE_ROLE.includes(format) && size.students > 1) {
    roster['teacher.csv'].rows.push(['Pupil2', 'School1', 'Given2', 'Öster2', 'pupil.2', 'Active', 'Aide']);
    roster['teacherroster.csv'].rows.push(['Class1', 'Pupil2']);
  }
  if (isOfUsers) roster['teacherroster.csv'].rows.push(['Class1', 'Pupil1']);
  const v1: Files = Object.fromEntries(
    FILE_NAMES.map((name) => [name, joinLines(writeLines(roster[name], PLAIN), PLAIN).toString('utf8')]),
  );
  // Sessions and courses are those of the sections; without dates there is none.
  const term = 'Term SIS ID,Term Name,Term StartDate,Term EndDate,Course SIS ID,Course Name';
  v1['section.csv'] = must(v1['section.csv'])
    .split('\r\n')
    .map((line, i) =>
      i === 0
        ? line.replace('Term SIS ID', term)
        : line.replace(',T1,', ',T1,Year,2026-08-01,2027-07-31,C1,Maths,'),
    )
    .join('\r\n');
  return CONVERT[format](v1);
}

/** A file of a made-up roster, and what it is in its format. */
export interface FormatTable extends Table {
  readonly definition: FileDefinition;
}
export type FormatRoster = Readonly<Record<string, FormatTable>>;

/**
 * The same as tables, by name in lower case, in the order of the format: with every column that the format has (empty, if the roster has no value),
 * and with demographics and flags of people. `manifest`: as it is written, if there is one.
 */
export function makeTables(
  format: RosterFormat,
  size: Size,
): { roster: FormatRoster; manifest: string | null } {
  const files = Object.fromEntries(
    Object.entries(makeFiles(format, size)).map(([name, text]) => [name.toLowerCase(), text]),
  );
  const users = rowsOf(files['users.csv'] ?? '').map(({ sourcedId = '' }) => sourcedId);
  const rosterFiles: Files = {
    ...files,
    ...(format === 'sds-v2.1'
      ? {
          'demographics.csv': `userSourcedId,birthDate\r\n${users.map((id) => `${id},2012-02-29\r\n`).join('')}`,
          'userflags.csv': `userSourcedId,flag\r\n${users[0]},IEP\r\n${users[0]},freeLunch\r\n`,
        }
      : {}),
    ...(format.startsWith('oneroster')
      ? {
          'demographics.csv': `sourcedId,birthDate\r\n${users.map((id) => `${id},2012-02-29\r\n`).join('')}`,
        }
      : {}),
  };
  const roster: Record<string, FormatTable> = {};
  for (const definition of FORMATS[format].files) {
    const text = rosterFiles[definition.name];
    if (text !== undefined) roster[definition.name] = withAllColumns(definition, text);
  }
  const manifest = files['manifest.csv']?.replace('file.demographics,absent', 'file.demographics,bulk');
  return { roster, manifest: manifest ?? null };
}

function withAllColumns(definition: FileDefinition, text: string): FormatTable {
  const rows = rowsOf(text);
  const header = Object.keys(must(rows[0]));
  const there = new Set(header.map(looseTitle));
  const more = definition.columns.map(({ title }) => title).filter((title) => !there.has(looseTitle(title)));
  return {
    definition,
    header: [...header, ...more],
    rows: rows.map((row) => [...header.map((title) => row[title] ?? ''), ...more.map(() => '')]),
  };
}
