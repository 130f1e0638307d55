import {
  EXTENSION_ATTRIBUTES,
  type ExtensionAttribute,
  MAX_EXTENSION_ATTRIBUTE_LENGTH,
} from './extension-attributes.ts';
import {
  checkMail,
  checkMailNickname,
  checkText,
  checkUserPrincipalName,
  type Complaint,
} from './user-rules.ts';

/** Columns of an import, and properties of its JSON form. */
export const IMPORT_COLUMNS = [
  'userPrincipalName',
  'displayName',
  'givenName',
  'surname',
  'mail',
  'mailNickname',
  'employeeId',
  'accountEnabled',
  ...EXTENSION_ATTRIBUTES,
] as const;
/** For people. */
export const IMPORT_COLUMNS_TEXT = `${IMPORT_COLUMNS.filter((column) => !/\d$/u.test(column)).join(', ')}, extensionAttribute1 to extensionAttribute15`;
export type ImportColumn = (typeof IMPORT_COLUMNS)[number];

/** What a row says; what it says nothing of is absent and stays as it is. */
export type ImportValues = { readonly userPrincipalName: string } & {
  readonly [column in Exclude<ImportColumn, 'userPrincipalName' | 'accountEnabled'>]?: string;
} & { readonly accountEnabled?: boolean };

export interface ImportRow {
  /** Line of the file, or place in the array, from 1. */
  readonly line: number;
  readonly values: ImportValues;
}

export interface RefusedRow {
  readonly line: number;
  readonly userPrincipalName: string | undefined;
  readonly reason: string;
}

const CHECKS: Readonly<Record<Exclude<ImportColumn, 'accountEnabled'>, (value: string) => Complaint>> = {
  userPrincipalName: checkUserPrincipalName,
  displayName: checkText,
  givenName: checkText,
  surname: checkText,
  mail: checkMail,
  mailNickname: checkMailNickname,
  employeeId: checkText,
  ...(Object.fromEntries(EXTENSION_ATTRIBUTES.map((name) => [name, checkExtensionAttribute])) as Record<
    ExtensionAttribute,
    typeof checkExtensionAttribute
  >),
};

function checkExtensionAttribute(value: string): Complaint {
  return checkText(value, MAX_EXTENSION_ATTRIBUTE_LENGTH);
}

/** Reads one row. Empty cells say nothing: an import never erases a value. */
export function readImportRow(
  line: number,
  cells: Readonly<Partial<Record<ImportColumn, string>>>,
): ImportRow | RefusedRow {
  const values: Record<string, string | boolean> = {};
  const userPrincipalName = (cells.userPrincipalName ?? '').trim();
  const refuse = (reason: string): RefusedRow => ({
    line,
    userPrincipalName: userPrincipalName === '' ? undefined : userPrincipalName.slice(0, 320),
    reason,
  });
  if (userPrincipalName === '') return refuse('userPrincipalName is empty. It says whose row it is.');
  for (const column of IMPORT_COLUMNS) {
    const value = (cells[column] ?? '').trim();
    if (value === '') continue;
    if (column === 'accountEnabled') {
      const enabled = readBoolean(value);
      if (enabled === undefined) return refuse('accountEnabled is true or false.');
      values[column] = enabled;
      continue;
    }
    const complaint = CHECKS[column](value);
    if (complaint !== undefined) return refuse(`${column} ${complaint}`);
    values[column] = value;
  }
  return { line, values: values as unknown as ImportValues };
}

function readBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === '1' || lower === 'yes') return true;
  if (lower === 'false' || lower === '0' || lower === 'no') return false;
  return undefined;
}
