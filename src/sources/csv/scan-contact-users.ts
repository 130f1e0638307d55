import { must } from '#lib/assert.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import type { BoundColumn, BoundHeader } from './bind-header.ts';
import { isMailAddress } from './contact-values.ts';
import type { CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import { DROPPED, type IdTable, PRESENT } from './id-table.ts';
import { inspectFile, scanRows } from './inspect-file.ts';
import type { PersonDetails } from './person-details.ts';
import { isReliable } from './roster-state.ts';

const BLANK = 0x20;

/** A file, and what it is. */
export interface FoundFile {
  readonly file: Pick<SourceFile, 'open' | 'isBroken'>;
  readonly definition: FileDefinition;
}

/**
 * Contacts of formats in which they are users among others (SDS V2.1): who they are is in relationships.csv, their names and addresses in
 * users.csv. Both are looked through before any of them is read, and only contacts are kept. @returns whether each row of users.csv tells whose it is.
 */
export async function scanContactUsers(
  state: { readonly mapping: MappingSettings; readonly details: PersonDetails; readonly contacts: IdTable },
  relationships: FoundFile,
  users: FoundFile,
  findings: FindingCollector,
): Promise<boolean> {
  const { mapping, details, contacts } = state;
  const scan = async (
    { file, definition }: FoundFile,
    begin: (header: BoundHeader) => (row: CsvRow) => void,
  ) => scanRows(file, await inspectFile(file, definition, mapping), definition, mapping, begin);
  const isWhole = (row: CsvRow, header: BoundHeader): boolean =>
    row.fault === null && row.count === header.fieldCount;

  await scan(relationships, (header) => {
    const contact = columnOf(header, 'contact');
    return (row) => {
      if (isWhole(row, header) && !isBlank(row, contact)) addTo(contacts, row, contact);
    };
  });
  let allTold = true;
  await scan(users, (header) => {
    const id = columnOf(header, 'id');
    const [givenName, surname] = [columnOf(header, 'givenName'), columnOf(header, 'surname')];
    const email = header.columns.find(({ property }) => property === 'secondaryEmail');
    const phones = ['mobilePhone', 'phone']
      .map((property) => header.columns.find((column) => column.property === property))
      .filter((column): column is BoundColumn => column !== undefined);
    const write = (row: CsvRow, column: BoundColumn): void =>
      details.write(row.bytes, startOf(row, column), endOf(row, column));
    const report = (row: CsvRow, column: BoundColumn | undefined, message: string): void =>
      findings.report(
        {
          code: 'CONTACT_INCOMPLETE',
          file: users.definition.name,
          field: column?.title ?? 'email',
          severity: 'warning',
        },
        () => ({ line: row.line, message: `${message}; the contact is left out.` }),
      );
    return (row) => {
      if (row.count <= id.position || isBlank(row, id) || (!isWhole(row, header) && !isReliable(row, id))) {
        allTold = false;
        return;
      }
      const index = contacts.find(row.bytes, startOf(row, id), endOf(row, id));
      if (index === -1 || contacts.states[index] === PRESENT) return;
      contacts.states[index] = DROPPED;
      if (!isWhole(row, header)) return;
      if (isBlank(row, givenName) && isBlank(row, surname)) {
        report(row, givenName, 'The contact has no name');
        return;
      }
      if (email === undefined || !isMailAddress(row.bytes, startOf(row, email), endOf(row, email))) {
        report(row, email, 'The contact has no e-mail address');
        return;
      }
      write(row, givenName);
      if (!isBlank(row, givenName) && !isBlank(row, surname)) details.writeByte(BLANK);
      write(row, surname);
      details.nextField();
      write(row, email);
      details.nextField();
      const phone = phones.find((column) => !isBlank(row, column));
      if (phone !== undefined) write(row, phone);
      contacts.entries[index] = details.endValue();
      contacts.states[index] = PRESENT;
    };
  });
  return allTold;
}

function columnOf(header: BoundHeader, property: string): BoundColumn {
  return must(header.columns.find((column) => column.property === property));
}

function startOf(row: CsvRow, { position }: BoundColumn): number {
  return row.starts[position] as number;
}

function endOf(row: CsvRow, { position }: BoundColumn): number {
  return row.ends[position] as number;
}

function isBlank(row: CsvRow, column: BoundColumn): boolean {
  return startOf(row, column) === endOf(row, column);
}

function addTo(table: IdTable, row: CsvRow, column: BoundColumn): number {
  return table.add(row.bytes, startOf(row, column), endOf(row, column));
}
