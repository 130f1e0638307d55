import {
  REFERENCE_LISTS,
  type ReferenceListName,
  type ReferenceValue,
  ROLE_VALUES,
  type RoleValue,
} from './reference-lists.ts';

/** What a tenant has otherwise than the lists say; the codes sorted, so that equal changes are equal text. */
export interface ListChange {
  readonly added: readonly string[];
  readonly disabled: readonly string[];
}

export type ListChanges = Readonly<Partial<Record<ReferenceListName, ListChange>>>;

/** The value of the list with this code, in any letter case. */
export function defaultValue(name: ReferenceListName, code: string): ReferenceValue | undefined {
  const key = foldCase(code);
  return REFERENCE_LISTS[name].values.find((value) => foldCase(value.code) === key);
}

/** A value of a list as a tenant sees it. */
export interface ListedValue extends ReferenceValue {
  /** default: of the list; own: the tenant's. */
  readonly origin: 'default' | 'own';
  /** A disabled value counts as one that is not in the list. */
  readonly enabled: boolean;
}

/** What a tenant has otherwise than the lists say. Null: nothing. */
export function listChangesOf(
  values: Iterable<{ readonly list: ReferenceListName; readonly code: string; readonly enabled: boolean }>,
): ListChanges | null {
  const changes: Partial<Record<ReferenceListName, { added: string[]; disabled: string[] }>> = {};
  for (const { list, code, enabled } of values) {
    const own = defaultValue(list, code) === undefined;
    if (own !== enabled) continue;
    const change = (changes[list] ??= { added: [], disabled: [] });
    (own ? change.added : change.disabled).push(code);
  }
  for (const { added, disabled } of Object.values(changes)) {
    added.sort();
    disabled.sort();
  }
  return Object.keys(changes).length === 0 ? null : changes;
}

/** Finds the code of a value as somebody wrote it; null: it is not in the list. */
export type FindCode = (text: string) => string | null;

/** A list as it holds for a tenant. */
export function openReferenceList(name: ReferenceListName, changes: ListChanges = {}): FindCode {
  const definition: (typeof REFERENCE_LISTS)[ReferenceListName] & {
    readonly leadingZero?: boolean;
    readonly aliases?: Readonly<Record<string, string>>;
  } = REFERENCE_LISTS[name];
  const { added = [], disabled = [] } = changes[name] ?? {};
  const codes = new Map<string, string>();
  for (const { code } of definition.values) codes.set(foldCase(code), code);
  for (const code of disabled) codes.delete(foldCase(code));
  for (const [alias, code] of Object.entries(definition.aliases ?? {})) {
    if (codes.has(foldCase(code))) codes.set(foldCase(alias), code);
  }
  for (const code of added) codes.set(foldCase(code), code);
  const leadingZero = definition.leadingZero === true;
  return (text) => {
    const code = codes.get(foldCase(text));
    if (code !== undefined) return code;
    return (leadingZero && /^\d$/.test(text) ? codes.get(`0${text}`) : undefined) ?? null;
  };
}

/** A role of the list, by its code as it stands there. */
export function findRole(code: string): RoleValue | undefined {
  return rolesByCode.get(code);
}

/** A value of an exporter's own (OneRoster): it begins with `ext:`. */
export function isExtension(text: string): boolean {
  return /^ext:./iu.test(text);
}

/** Lists of the roles of exporters, by what those in them count as. */
export const OWN_ROLE_LISTS = { staff: 'staffRoles', student: 'studentRoles', none: 'otherRoles' } as const;

export interface FoundRole extends Pick<RoleValue, 'code' | 'group'> {
  /** An exporter's own that is in no list: it counts as neither, and nobody has said so. */
  readonly undecided?: true;
}

/** Finds a role, in a school or in a class, by its code; undefined: none is known. */
export type FindRole = (code: string) => FoundRole | undefined;

/** The roles of the list, and those of exporters: what counts as staff or as students is the tenant's word. */
export function openRoles(changes?: ListChanges): FindRole {
  const own = (['staff', 'student', 'none'] as const).map((group) => ({
    group,
    find: openReferenceList(OWN_ROLE_LISTS[group], changes),
  }));
  return (text) => {
    if (!isExtension(text)) return findRole(text);
    for (const { group, find } of own) {
      const code = find(text);
      if (code !== null) return { code, group };
    }
    return { code: text, group: 'none', undecided: true };
  };
}

const rolesByCode: ReadonlyMap<string, RoleValue> = new Map(ROLE_VALUES.map((role) => [role.code, role]));

/**
 * In lower case, as codes are compared. A letter whose lower case has another length in UTF-8 stays: then what is equal without letter
 * case has the same number of bytes, and the Turkish dotless i stays what it is.
 */
export function foldCase(text: string): string {
  let folded = '';
  for (const character of text) {
    const lower = character.toLowerCase();
    folded += utf8Length(lower) === utf8Length(character) ? lower : character;
  }
  return folded;
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return length;
}
