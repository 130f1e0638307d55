import {
  defaultValue,
  foldCase,
  isExtension,
  OWN_ROLE_LISTS,
  type ListChanges,
  listChangesOf,
  type ListedValue,
  openReferenceList,
} from '#core/roster/reference-list.ts';
import {
  MAX_TITLE_LENGTH,
  REFERENCE_LIST_NAMES,
  REFERENCE_LISTS,
  type ReferenceListName,
} from '#core/roster/reference-lists.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '#lib/errors.ts';
import { type Database, inTenant, type Tx } from '#storage/database.ts';
import {
  countReferenceValues,
  deleteReferenceValue,
  listReferenceValues,
  saveReferenceValue,
  type StoredReferenceValue,
} from '#storage/tenants/reference-values.ts';

/** Of a list, disabled ones among them. */
const MAX_OWN_VALUES = 1_000;
const MAX_CODE_LENGTH = 64;

/** A list as it holds for a tenant. */
export interface ReferenceListView {
  readonly id: ReferenceListName;
  readonly title: string;
  readonly extendable: boolean;
  readonly values: readonly ListedValue[];
}

export interface ValueChange {
  readonly title?: string;
  readonly enabled?: boolean;
}

interface Actor {
  readonly tenantId: string;
  readonly applicationId: string;
}

type Context = { readonly db: Database };

/** What the tenant of the transaction has otherwise than the lists; null: nothing. */
export async function readListChanges(tx: Tx): Promise<ListChanges | null> {
  const values = await listReferenceValues(tx);
  return listChangesOf(values.map(({ list, code, title }) => ({ list, code, enabled: title !== null })));
}

export async function getReferenceLists({ db }: Context, tenantId: string): Promise<ReferenceListView[]> {
  const stored = await inTenant(db, tenantId, listReferenceValues, { readOnly: true });
  return REFERENCE_LIST_NAMES.map((name) => viewOf(name, stored));
}

/** Errors: NotFoundError. */
export async function getReferenceList(
  { db }: Context,
  tenantId: string,
  name: string,
): Promise<ReferenceListView> {
  const list = mustBeList(name);
  return viewOf(list, await inTenant(db, tenantId, listReferenceValues, { readOnly: true }));
}

/**
 * Adds a value of the tenant's own or changes its title, or enables and disables one of the list.
 * Errors: NotFoundError, InvalidRequestError, ConflictError.
 */
export async function putReferenceValue(
  { db }: Context,
  actor: Actor,
  name: string,
  code: string,
  change: ValueChange,
): Promise<{ readonly value: ListedValue; readonly created: boolean }> {
  const list = mustBeExtendable(name);
  const known = defaultValue(list, code);
  const codeKey = foldCase(code);
  if (known !== undefined) {
    if (change.title !== undefined || change.enabled === undefined)
      throw new InvalidRequestError(
        `${known.code} is a value of the list: send {"enabled": true} or {"enabled": false}. Its title cannot be changed.`,
        change.title === undefined ? 'enabled' : 'title',
      );
    const { enabled } = change;
    await inTenant(db, actor.tenantId, async (tx) => {
      if (enabled) await deleteReferenceValue(tx, list, codeKey);
      else
        await saveReferenceValue(tx, { list, codeKey, code: known.code, title: null }, actor.applicationId);
    });
    return { value: { ...known, origin: 'default', enabled }, created: false };
  }
  checkCode(code);
  if (Object.values<string>(OWN_ROLE_LISTS).includes(list) && !isExtension(code))
    throw new InvalidRequestError(`A role of your own begins with ext:, as ext:tutor does.`, 'code');
  const title = change.title?.trim() ?? '';
  if (title === '' || Array.from(title).length > MAX_TITLE_LENGTH)
    throw new InvalidRequestError(`title: Give the value a title of at most 255 characters.`, 'title');
  if (change.enabled === false)
    throw new InvalidRequestError('enabled: A value of your own is removed instead.', 'enabled');
  // All of the list, disabled ones too: the leading zero of a grade is no letter of its own.
  const readAs = openReferenceList(list)(code);
  if (readAs !== null) throw new ConflictError(`"${code}" is read as ${readAs}, which is in the list.`);
  const created = await inTenant(db, actor.tenantId, async (tx) => {
    const count = await countReferenceValues(tx, list);
    const isNew = await saveReferenceValue(tx, { list, codeKey, code, title }, actor.applicationId);
    if (isNew && count >= MAX_OWN_VALUES)
      throw new ConflictError(`There are ${MAX_OWN_VALUES} values of your own already. Remove one first.`);
    return isNew;
  });
  return { value: { code, title, origin: 'own', enabled: true }, created };
}

/** Removes a value of the tenant's own. Errors: NotFoundError, ConflictError for a value of the list. */
export async function removeReferenceValue(
  { db }: Context,
  tenantId: string,
  name: string,
  code: string,
): Promise<void> {
  const list = mustBeExtendable(name);
  const known = defaultValue(list, code);
  if (known !== undefined)
    throw new ConflictError(
      `${known.code} is a value of the list and stays there. Disable it: PUT {"enabled": false}.`,
    );
  checkCode(code);
  const found = await inTenant(db, tenantId, (tx) => deleteReferenceValue(tx, list, foldCase(code)));
  if (!found) throw new NotFoundError(`There is no value "${code}" of your own in the list ${list}.`);
}

function viewOf(name: ReferenceListName, stored: readonly StoredReferenceValue[]): ReferenceListView {
  const { title, extendable, values } = REFERENCE_LISTS[name];
  const own = stored.filter(({ list }) => list === name);
  const disabled = new Set(own.filter((value) => value.title === null).map(({ codeKey }) => codeKey));
  return {
    id: name,
    title,
    extendable,
    values: [
      ...values.map((value): ListedValue => ({
        ...value,
        origin: 'default',
        enabled: !disabled.has(foldCase(value.code)),
      })),
      ...own.flatMap((value): ListedValue[] =>
        value.title === null ? [] : [{ code: value.code, title: value.title, origin: 'own', enabled: true }],
      ),
    ],
  };
}

function checkCode(code: string): void {
  if (code !== code.trim() || /[\p{Cc},]/u.test(code) || code === '' || code.length > MAX_CODE_LENGTH)
    throw new InvalidRequestError(
      `A code has 1 to ${MAX_CODE_LENGTH} characters, no comma, and no blanks around it.`,
      'code',
    );
}

function mustBeList(name: string): ReferenceListName {
  const list = REFERENCE_LIST_NAMES.find((known) => known === name);
  if (list === undefined)
    throw new NotFoundError(`There is no list "${name}". Lists: ${REFERENCE_LIST_NAMES.join(', ')}.`);
  return list;
}

function mustBeExtendable(name: string): ReferenceListName {
  const list = mustBeList(name);
  if (!REFERENCE_LISTS[list].extendable) throw new ConflictError(`The list ${list} is fixed.`);
  return list;
}
