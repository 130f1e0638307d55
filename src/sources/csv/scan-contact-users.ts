import { findRole, foldCase, openReferenceList } from '#core/roster/reference-list.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { type BoundColumn, type BoundHeader, wantedColumns, wantsContacts } from './bind-header.ts';
import { isMailAddress, relationshipOf } from './contact-values.ts';
import type { CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import { DROPPED, type IdTable, PRESENT, UNKNOWN } from './id-table.ts';
import { inspectFile, scanRows } from './inspect-file.ts';
import { DETAIL_GROUPS, type PersonDetails } from './person-details.ts';
import { countCharacters } from './roster-file.ts';
import { addFieldTo, findField, isEmpty, isReliable, partsOf } from './roster-state.ts';
import { findWithdrawal, mayHoldTwo } from './row-shape.ts';
import type { UserRoles } from './user-roles.ts';

const BLANK = 0x20;
const CONTACTS = DETAIL_GROUPS.contacts;

/** A file, and what it is. */
export interface FoundFile {
  readonly file: Pick<SourceFile, 'open' | 'isBroken'>;
  readonly definition: FileDefinition;
}

interface ContactState {
  readonly mapping: MappingSettings;
  readonly details: PersonDetails;
  /** By the id of the user; `entries`: the value in `details`, `parents`: what the contact is to others (OneRoster). */
  readonly contacts: IdTable;
}

/**
 * Contacts of SDS V2.1 are users whom relationships.csv names. Both files are looked through before any of them is read, and only contacts
 * are kept. @returns whether each row of users.csv tells whose it is.
 */
export async function scanRelatedUsers(
  state: ContactState,
  relationships: FoundFile,
  users: FoundFile,
  findings: FindingCollector,
): Promise<boolean> {
  const { contacts } = state;
  await scan(state, relationships, (header) => {
    const contact = columnOf(header, 'contact');
    return (row) => {
      if (contact !== undefined && isWhole(row, header) && !isEmpty(row, contact))
        addFieldTo(contacts, row, contact);
    };
  });
  let allTold = true;
  await scan(withAllColumns(state), users, (header) => {
    const id = columnOf(header, 'id');
    const keepContact = contactKeeper(state, users.definition, header, findings);
    return (row) => {
      if (!tellsWhose(row, header, id) || isTwo(row, header)) allTold = false;
      else if (findField(contacts, row, id) !== -1) keepContact(row, id);
    };
  });
  return allTold;
}

/**
 * Contacts of OneRoster are users with the role parent, guardian or relative, whom students name as their agents. users.csv is looked through
 * twice before it is read: for who they are, and for whose. `userRoles`: where the roles are in a file of their own.
 */
export async function scanAgents(
  state: ContactState & { readonly userRoles: UserRoles | null },
  users: FoundFile,
  findings: FindingCollector,
): Promise<void> {
  const { contacts, details, userRoles } = state;
  const findRoleCode = openReferenceList('roles', state.mapping.lists);
  const wanted = wantedColumns(users.definition, state.mapping);
  const isWanted = wanted === null || wantsContacts(users.definition, wanted);
  let told = false;
  await scan(withAllColumns(state), users, (header) => {
    const id = columnOf(header, 'id');
    const role = columnOf(header, 'role');
    const withdrawing = header.columns.filter(({ withdrawnBy }) => withdrawnBy !== undefined);
    const keepContact = contactKeeper(state, users.definition, header, findings);
    if (isWanted && columnOf(header, 'agents') !== undefined) {
      told = true;
      details.state(CONTACTS);
    }
    const relationOf = (row: CsvRow, by: BoundColumn): string | null => {
      if (role === undefined) return userRoles?.relationOf(userRoles.find(row, by)) ?? null;
      const code = findRoleCode(textOf(row, role));
      return code !== null && findRole(code)?.group === 'none' ? code : null;
    };
    return (row) => {
      if (!told || !tellsWhose(row, header, id)) return;
      if (!isWhole(row, header)) {
        // Perhaps a contact: whoever names it keeps what was there.
        contacts.states[addFieldTo(contacts, row, id)] = DROPPED;
        return;
      }
      if (findWithdrawal(row, withdrawing) !== undefined) return;
      const relation = relationOf(row, id);
      if (relation === null) return;
      const index = addFieldTo(contacts, row, id);
      contacts.parents[index] = Math.max(relationshipOf(relation), 0);
      keepContact(row, id);
    };
  });
  if (!told) return;
  await scan(state, users, (header) => {
    const id = columnOf(header, 'id');
    const agents = columnOf(header, 'agents');
    return (row) => {
      if (id === undefined || agents === undefined) return;
      if (!tellsWhose(row, header, id) || isTwo(row, header)) {
        details.spoilAll(CONTACTS);
        return;
      }
      const [start, end] = [startOf(row, id), endOf(row, id)];
      if (!isWhole(row, header)) {
        details.spoil(CONTACTS, row.bytes, start, end);
        return;
      }
      for (const [from, to] of partsOf(row, agents)) {
        const index = contacts.find(row.bytes, from, to);
        const found = index === -1 ? UNKNOWN : contacts.states[index];
        if (found === PRESENT) {
          const added = details.add(
            CONTACTS,
            row.bytes,
            start,
            end,
            contacts.entries[index] as number,
            contacts.parents[index] as number,
            row.line,
          );
          if (added !== 'full') continue;
        }
        // An agent who is no contact (of a parent, the children) says nothing; one who was left out, or is one too many, takes none away.
        if (found !== UNKNOWN) details.spoil(CONTACTS, row.bytes, start, end);
      }
    };
  });
}

/** Keeps a user of users.csv as a contact, or says what is missing. */
function contactKeeper(
  { details, contacts }: ContactState,
  definition: FileDefinition,
  header: BoundHeader,
  findings: FindingCollector,
): (row: CsvRow, id: BoundColumn) => void {
  const [givenName, surname, email] = ['givenName', 'surname', 'secondaryEmail'].map((property) =>
    columnOf(header, property),
  );
  const phones = [columnOf(header, 'mobilePhone'), columnOf(header, 'phone')];
  const write = (row: CsvRow, column: BoundColumn | undefined): void => {
    if (column !== undefined) details.write(row.bytes, startOf(row, column), endOf(row, column));
  };
  const report = (row: CsvRow, column: BoundColumn | undefined, what: string): void =>
    findings.report(
      {
        code: 'CONTACT_INCOMPLETE',
        file: definition.name,
        field: column?.title ?? what,
        severity: 'warning',
      },
      () => ({ line: row.line, message: `The contact has no ${what}; the contact is left out.` }),
    );
  return (row, id) => {
    const index = findField(contacts, row, id);
    if (index === -1 || contacts.states[index] === PRESENT) return;
    contacts.states[index] = DROPPED;
    if (!isWhole(row, header)) return;
    const hasGivenName = !isEmpty(row, givenName);
    if (!hasGivenName && isEmpty(row, surname)) {
      report(row, givenName, 'name');
      return;
    }
    if (email === undefined || !isMailAddress(row.bytes, startOf(row, email), endOf(row, email))) {
      report(row, email, 'e-mail address');
      return;
    }
    // Said when the row is taken; what is kept of a contact has its bounds.
    if (isTooLong(row, givenName) || isTooLong(row, surname)) return;
    write(row, givenName);
    if (hasGivenName && !isEmpty(row, surname)) details.writeByte(BLANK);
    write(row, surname);
    details.nextField();
    // As the address of the user is stored.
    const address = Buffer.from(foldCase(textOf(row, email)));
    details.write(address, 0, address.length);
    details.nextField();
    write(
      row,
      phones.find((column) => !isEmpty(row, column) && !isTooLong(row, column)),
    );
    contacts.entries[index] = details.endValue();
    contacts.states[index] = PRESENT;
  };
}

/** What a profile chooses of users are properties of students and of teachers: a contact has an address all the same. */
function withAllColumns({ mapping }: ContactState): Pick<ContactState, 'mapping'> {
  return {
    mapping: {
      ...mapping,
      optionalProperties: { school: null, section: null, student: null, teacher: null },
    },
  };
}

async function scan(
  { mapping }: Pick<ContactState, 'mapping'>,
  { file, definition }: FoundFile,
  begin: (header: BoundHeader) => (row: CsvRow) => void,
): Promise<void> {
  await scanRows(file, await inspectFile(file, definition, mapping), definition, mapping, begin);
}

function isWhole(row: CsvRow, header: BoundHeader): boolean {
  return row.fault === null && row.count === header.fieldCount;
}

/** Another row may be in there, and be that of a contact, or of whoever has one. */
function isTwo(row: CsvRow, header: BoundHeader): boolean {
  return !isWhole(row, header) && mayHoldTwo(row, header.fieldCount);
}

/** A broken row may still have an id that can be trusted. */
function tellsWhose(row: CsvRow, header: BoundHeader, id: BoundColumn | undefined): id is BoundColumn {
  if (id === undefined || row.count <= id.position || isEmpty(row, id)) return false;
  return isWhole(row, header) || isReliable(row, id);
}

function isTooLong(row: CsvRow, column: BoundColumn | undefined): boolean {
  if (column === undefined || endOf(row, column) - startOf(row, column) <= column.maxLength) return false;
  return countCharacters(textOf(row, column)) > column.maxLength;
}

function columnOf(header: BoundHeader, property: string): BoundColumn | undefined {
  return header.columns.find((column) => column.property === property);
}

function startOf(row: CsvRow, { position }: BoundColumn): number {
  return row.starts[position] as number;
}

function endOf(row: CsvRow, { position }: BoundColumn): number {
  return row.ends[position] as number;
}

function textOf(row: CsvRow, column: BoundColumn): string {
  return row.bytes.toString('utf8', startOf(row, column), endOf(row, column));
}
