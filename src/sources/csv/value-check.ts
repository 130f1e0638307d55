import {
  foldCase,
  OWN_ROLE_LISTS,
  type FindCode,
  isExtension,
  type ListChanges,
  openReferenceList,
} from '#core/roster/reference-list.ts';
import { REFERENCE_LISTS, type ReferenceListName } from '#core/roster/reference-lists.ts';
import { unreachable } from '#lib/assert.ts';

import type { MappingSettings } from '../contract.ts';
import type { FileDefinition, ValueRule } from './format.ts';
import type { IdTable } from './id-table.ts';
import { isBoolean, isEmailAddress, isPhoneNumber, isStatus, isYear, lowerAscii } from './value-rules.ts';

export type ValueFinding =
  'ENUM_UNKNOWN' | 'EMAIL_INVALID' | 'PHONE_INVALID' | 'BOOLEAN_INVALID' | 'YEAR_INVALID';

export interface Judgement {
  /** What is stored in its place; null: the value as it stands in the row. */
  readonly stored: Buffer | null;
  /** What is wrong, as the rest of a sentence about the column; null: nothing. */
  readonly fault: string | null;
  /** A value of the exporter's own, which no list has. */
  readonly isOwn?: true;
}

/** What the values of one column must be. One judges the values of one file, so that it can remember them. */
export interface ValueCheck {
  readonly code: ValueFinding;
  /** A value that is not empty. A strict check may change its letter case where it is. */
  judge(bytes: Buffer, start: number, end: number): Judgement;
}

/** Distinct values of a column of a list that are remembered: there are few, unless the column is another than it is taken for. */
const MAX_REMEMBERED = 10_000;
const NOTHING = Buffer.alloc(0);
const GOOD: Judgement = { stored: null, fault: null };
const OWN: Judgement = { ...GOOD, isOwn: true };

/** The checks of a file, by the ordinal of the column. */
export function openValueChecks(
  state: { readonly mapping: Pick<MappingSettings, 'lists'>; newTable(): IdTable },
  { columns }: Pick<FileDefinition, 'columns'>,
): (ValueCheck | null)[] {
  return columns.map(({ check, strict }) => {
    if (check === null) return null;
    if (typeof check === 'string') return openPatternCheck(check, strict);
    const find = openList(check.list, state.mapping.lists);
    const name = REFERENCE_LISTS[check.list].title.toLowerCase();
    return rememberValues(state.newTable(), (text) =>
      check.extensible === true && isExtension(text) && find(text) === null
        ? OWN
        : judgeListed(text, find, name, check.several === true),
    );
  });
}

/** Roles of exporters that the tenant knows are in lists of their own. */
function openList(name: ReferenceListName, lists?: ListChanges): FindCode {
  const names: readonly ReferenceListName[] =
    name === 'roles' || name === 'sectionRoles' ? [name, ...Object.values(OWN_ROLE_LISTS)] : [name];
  const finds = names.map((one) => openReferenceList(one, lists));
  return (text) => {
    for (const find of finds) {
      const code = find(text);
      if (code !== null) return code;
    }
    return null;
  };
}

function openPatternCheck(rule: Extract<ValueRule, string>, strict: boolean): ValueCheck {
  switch (rule) {
    case 'email':
      return checkPattern('EMAIL_INVALID', 'is no e-mail address', isEmailAddress, strict);
    case 'boolean':
      return checkPattern('BOOLEAN_INVALID', 'is neither true nor false', isBoolean, strict);
    // Good ones stay as they are.
    case 'phone':
      return checkPattern('PHONE_INVALID', 'is no phone number', isPhoneNumber, false);
    case 'year':
      return checkPattern('YEAR_INVALID', 'is no year of four digits', isYear, false);
    case 'status':
      return checkPattern('ENUM_UNKNOWN', 'is neither active nor tobedeleted', isStatus, false);
    default:
      return unreachable(rule);
  }
}

function checkPattern(
  code: ValueFinding,
  fault: string,
  isGood: (bytes: Buffer, start: number, end: number) => boolean,
  lowerCase: boolean,
): ValueCheck {
  const bad: Judgement = { stored: NOTHING, fault };
  return {
    code,
    judge(bytes, start, end) {
      if (!isGood(bytes, start, end)) return bad;
      // Letters that are equal without case have as many bytes.
      if (lowerCase && !lowerAscii(bytes, start, end))
        bytes.write(foldCase(bytes.toString('utf8', start, end)), start);
      return GOOD;
    },
  };
}

/** Each value is looked at once, as text; then its bytes are enough. */
function rememberValues(table: IdTable, judge: (text: string) => Judgement): ValueCheck {
  const judgements: Judgement[] = [];
  return {
    code: 'ENUM_UNKNOWN',
    judge(bytes, start, end) {
      const known = table.find(bytes, start, end);
      if (known !== -1) return judgements[known] as Judgement;
      const judgement = judge(bytes.toString('utf8', start, end));
      if (table.size < MAX_REMEMBERED) judgements[table.add(bytes, start, end)] = judgement;
      return judgement;
    },
  };
}

function judgeListed(text: string, find: FindCode, list: string, several: boolean): Judgement {
  const written = several
    ? text
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '')
    : [text];
  if (written.length === 0) return { stored: NOTHING, fault: 'has nothing but commas' };
  const unknown = written.filter((one) => find(one) === null);
  const stored = written
    .map(find)
    .filter((code) => code !== null)
    .join(',');
  const fault = unknown.length === 0 ? null : `has ${shown(unknown)}, which is not in the list "${list}"`;
  if (fault === null && stored === text) return GOOD;
  return { stored: Buffer.from(stored), fault };
}

function shown(values: readonly string[]): string {
  const some = values.slice(0, 3).map((value) => `"${value.slice(0, 64)}"`);
  return values.length > some.length ? `${some.join(', ')} and others` : some.join(', ');
}
