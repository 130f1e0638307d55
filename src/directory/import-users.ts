import { extensionAttributesOf } from '#core/users/extension-attributes.ts';
import type { ImportRow, ImportValues, RefusedRow } from '#core/users/import-row.ts';
import { nicknameOf } from '#core/users/user-rules.ts';
import { assert } from '#lib/assert.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { findAccounts, type StoredAccount } from '#storage/directory/accounts-by-user-name.ts';
import { insertUsers } from '#storage/directory/insert-users.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';
import { recordHandEdits, type HandEditEntry } from '#storage/directory/record-hand-edits.ts';
import { refreshStatistics } from '#storage/directory/refresh-statistics.ts';
import { updateUsers } from '#storage/directory/update-users.ts';

import type { DirectoryContext, HandEditor } from './edit-by-hand.ts';

export type ImportResult = 'created' | 'updated' | 'unchanged' | 'refused';

export interface ImportedRow {
  readonly line: number;
  readonly userPrincipalName: string | null;
  readonly result: ImportResult;
  readonly id?: string;
  /** Why it was refused, and what to do. */
  readonly reason?: string;
}

/** Rows of one transaction: the tenant's counter is locked while it writes. */
const CHUNK_ROWS = 10_000;

/**
 * Brings people and accounts in by hand, by user name: new ones are made (external source `manual`), known ones get the values
 * that differ, and a second import of the same rows changes nothing. Chunks commit one after the other: an import that breaks
 * off is repeated. Nothing is erased. @returns one result per row, in order.
 */
export async function importUsers(
  context: DirectoryContext,
  editor: HandEditor,
  rows: readonly (ImportRow | RefusedRow)[],
): Promise<ImportedRow[]> {
  const lineByUserName = new Map<string, number>();
  const results: ImportedRow[] = [];
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const chunk = rows.slice(start, start + CHUNK_ROWS).map((row) => refuseRepeated(row, lineByUserName));
    const accepted = chunk.filter((row) => 'values' in row);
    const done = await importChunk(context, editor, accepted);
    for (const row of chunk) results.push(done.get(row.line) ?? refused(row));
  }
  const created = results.filter(({ result }) => result === 'created').length;
  if (created >= CHUNK_ROWS) await refreshStatistics(context.db);
  return results;
}

/** The first row of a user name counts. */
function refuseRepeated(
  row: ImportRow | RefusedRow,
  lineByUserName: Map<string, number>,
): ImportRow | RefusedRow {
  if (!('values' in row)) return row;
  const { userPrincipalName } = row.values;
  const first = lineByUserName.get(userPrincipalName.toLowerCase());
  if (first === undefined) {
    lineByUserName.set(userPrincipalName.toLowerCase(), row.line);
    return row;
  }
  const reason = `The row in line ${first} has the same userPrincipalName. Keep one of the two.`;
  return { line: row.line, userPrincipalName, reason };
}

function refused(row: ImportRow | RefusedRow): ImportedRow {
  assert(!('values' in row), 'an accepted row has a result');
  const { line, userPrincipalName = null, reason } = row;
  return { line, userPrincipalName, result: 'refused', reason };
}

/** What an import changes of somebody, by the names of its columns. */
type ImportedChange = { readonly personId: string } & Omit<ImportValues, 'userPrincipalName'>;

interface Sorted {
  readonly results: Map<number, ImportedRow>;
  readonly creates: { readonly id: string; readonly values: ImportValues }[];
  readonly changes: ImportedChange[];
  /** For the history. */
  readonly entries: HandEditEntry[];
}

async function importChunk(
  context: DirectoryContext,
  editor: HandEditor,
  rows: readonly ImportRow[],
): Promise<ReadonlyMap<number, ImportedRow>> {
  if (rows.length === 0) return new Map();
  return inTenant(context.db, editor.tenantId, async (tx) => {
    // Without the counter first: an import that changes nothing takes no change_seq and waits for nobody.
    const seen = await sortRows(context, tx, rows);
    if (seen.creates.length === 0 && seen.changes.length === 0) return seen.results;
    const changeSeq = await nextChangeSeq(tx);
    // Now nobody else writes: what is read stays true until commit.
    const { results, creates, changes, entries } = await sortRows(context, tx, rows);
    if (creates.length > 0) {
      const inserted = await insertUsers(
        tx,
        creates.map(({ id, values }) => ({
          id,
          ...values,
          displayName: values.displayName ?? nameOf(values),
          mailNickname: values.mailNickname ?? nicknameOf(values.userPrincipalName),
          accountEnabled: values.accountEnabled ?? true,
          extensionAttributes: extensionAttributesOf(values),
        })),
        changeSeq,
      );
      assert(inserted.length === creates.length, 'a user name was free and taken in one transaction');
    }
    if (changes.length > 0)
      await updateUsers(
        tx,
        changes.map((change) => ({ ...change, extensionAttributes: extensionAttributesOf(change) })),
        changeSeq,
      );
    const by = { applicationId: editor.applicationId, person: editor.person?.subject ?? null };
    await recordHandEdits(tx, { ...by, changeSeq, newId: context.system.newId }, entries);
    return results;
  });
}

async function sortRows(context: DirectoryContext, tx: Tx, rows: readonly ImportRow[]): Promise<Sorted> {
  const accounts = await findAccounts(
    tx,
    rows.map(({ values }) => values.userPrincipalName),
  );
  const accountsByUserName = new Map(accounts.map((account) => [account.askedFor, account]));
  const sorted: Sorted = { results: new Map(), creates: [], changes: [], entries: [] };
  for (const { line, values } of rows) {
    const { userPrincipalName } = values;
    const account = accountsByUserName.get(userPrincipalName);
    if (account === undefined) {
      const id = context.system.newId();
      sorted.creates.push({ id, values });
      const made = { kind: 'person', action: 'create', objectId: id } as const;
      sorted.entries.push({ ...made, before: null, after: values });
      sorted.results.set(line, { line, userPrincipalName, result: 'created', id });
    } else if (!account.active) {
      const reason =
        'The user name belongs to a person who is inactive, since no source lists them any more. They come back with their source; or take another user name.';
      sorted.results.set(line, { line, userPrincipalName, result: 'refused', reason });
    } else {
      const change = changeOf(account, values);
      if (change !== undefined) {
        sorted.changes.push(change);
        sorted.entries.push(entryOf(account, change));
      }
      const result = change === undefined ? 'unchanged' : 'updated';
      sorted.results.set(line, { line, userPrincipalName, result, id: account.personId });
    }
  }
  return sorted;
}

/** What differs; undefined when nothing does. The user name itself is what the account was found by. */
function changeOf(account: StoredAccount, values: ImportValues): ImportedChange | undefined {
  const { userPrincipalName: _, ...given } = values;
  const differing = Object.entries(given).filter(
    ([property, value]) => account[property as keyof typeof given] !== value,
  );
  if (differing.length === 0) return undefined;
  return { personId: account.personId, ...Object.fromEntries(differing) };
}

function entryOf(account: StoredAccount, { personId, ...after }: ImportedChange): HandEditEntry {
  const before = Object.fromEntries(
    Object.keys(after).map((property) => [property, account[property as keyof typeof after] ?? null]),
  );
  return { kind: 'person', action: 'update', objectId: personId, before, after };
}

function nameOf({ givenName, surname, userPrincipalName }: ImportValues): string {
  const name = [givenName, surname].filter((part) => part !== undefined).join(' ');
  return name === '' ? nicknameOf(userPrincipalName) : name;
}
