import type { FindingCode } from '#core/findings.ts';
import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { bindHeader, type BoundColumn } from './bind-header.ts';
import { CONTACT_BYTES, isMailAddress, OTHER, relationshipOf, writeContact } from './contact-values.ts';
import { CSV_LIMITS, CsvReader, type CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import { asBuffer, type FileLayout } from './inspect-file.ts';
import { DETAIL_GROUPS } from './person-details.ts';
import { countCharacters, RosterFile } from './roster-file.ts';
import { isEmpty, isReliable, type RosterState } from './roster-state.ts';
import { looksLikeTotals } from './totals-row.ts';
import { openTranscoder } from './transcoder.ts';

const CONTACTS = DETAIL_GROUPS.contacts;

/** What is wrong with the contact of a row. */
interface ContactProblem {
  readonly code: FindingCode;
  readonly column: BoundColumn | undefined;
  readonly message: string;
}

/** A contact that stands in columns of its student's row. */
interface ColumnContact {
  readonly displayName: string;
  readonly email: string;
  readonly phone: string;
  /** -1: a word that is not known. */
  readonly relationship: number;
}

/** Reads the contact of the row under way, if the file has columns for one; null: the row names none. */
function contactColumns(file: RosterFile): (() => ColumnContact | ContactProblem | null) | null {
  const columnOf = (property: string): BoundColumn | undefined => file.column(property, 'contact');
  const columns = ['displayName', 'email', 'phone', 'relationship', 'contactType'].map(columnOf);
  const [displayName, email, phone, relationship, type] = columns;
  if (columns.every((column) => column === undefined)) return null;
  const textOf = (column: BoundColumn | undefined): string => {
    const text = isEmpty(file.row, column) ? '' : file.text(column);
    // What is too long is left out, and reported with the other values of the row.
    return column === undefined || countCharacters(text) <= column.maxLength ? text : '';
  };
  return () => {
    const { row } = file;
    if (columns.every((column) => isEmpty(row, column))) return null;
    const [name, address] = [textOf(displayName), textOf(email)];
    const problem = (
      code: FindingCode,
      column: BoundColumn | undefined,
      message: string,
    ): ContactProblem => ({
      code,
      column,
      message: `${message}; the contact is left out.`,
    });
    if (address === '' || email === undefined)
      return problem('CONTACT_INCOMPLETE', email, 'The contact has no e-mail address');
    const [start, end] = [row.starts[email.position] as number, row.ends[email.position] as number];
    if (!isMailAddress(row.bytes, start, end))
      return problem('EMAIL_INVALID', email, `${email.title} is no e-mail address`);
    if (name === '') return problem('CONTACT_INCOMPLETE', displayName, 'The contact has no name');
    const word = textOf(relationship);
    // The type (Emergency, Primary, ...) is a relationship only now and then.
    const known = word === '' ? relationshipOf(textOf(type)) : relationshipOf(word);
    return {
      displayName: name,
      email: address,
      phone: textOf(phone),
      relationship: word === '' && known === -1 ? OTHER : known,
    };
  };
}

/** Reports what is wrong with the contact of the row under way. The student stays: nothing here makes the row bad. */
export function openContactReport(file: RosterFile): () => void {
  const contactOf = contactColumns(file);
  if (contactOf === null) return () => undefined;
  const relationship = file.column('relationship', 'contact');
  return () => {
    const contact = contactOf();
    if (contact === null) return;
    if ('code' in contact) file.report(contact.code, contact.column, contact.message, 'warning');
    else if (contact.relationship === -1)
      file.report('RELATIONSHIP_UNKNOWN', relationship, 'The relationship is taken for Other.');
  };
}

/**
 * Reads the contacts of a file in which each row of a student may name one (Clever), before its students are taken: the rows of one
 * student may stand anywhere in it, and a student's record has all contacts at once. What is wrong with a contact is reported when the row is taken.
 */
export async function scanContacts(
  state: RosterState,
  findings: FindingCollector,
  definition: FileDefinition,
  source: Pick<SourceFile, 'open'>,
  layout: FileLayout,
): Promise<void> {
  if (!definition.columns.some(({ part }) => part === 'contact')) return;
  if (layout.separator.problem !== null) return;
  const { details } = state;
  const value = Buffer.alloc(CONTACT_BYTES);
  let file: RosterFile | null | undefined;
  let contactOf: ReturnType<typeof contactColumns> = null;
  let id: BoundColumn | undefined;

  const takeRow = (row: CsvRow, from: RosterFile, by: BoundColumn): void => {
    const { fieldCount } = from.header;
    from.begin(row);
    const [start, end] = [row.starts[by.position] as number, row.ends[by.position] as number];
    if (row.fault !== null || row.count !== fieldCount) {
      if (looksLikeTotals(row, from.header, from.rows - 1)) return;
      const known = !isEmpty(row, by) && isReliable(row, by) && row.count < fieldCount * 2 - 1;
      if (known) details.spoil(CONTACTS, row.bytes, start, end);
      else details.spoilAll(CONTACTS);
      return;
    }
    const contact = contactOf?.() ?? null;
    if (contact === null) return;
    if (isEmpty(row, by)) details.spoilAll(CONTACTS);
    else if ('code' in contact) details.spoil(CONTACTS, row.bytes, start, end);
    else {
      const length = writeContact(value, contact.displayName, contact.email, contact.phone);
      const tag = contact.relationship === -1 ? OTHER : contact.relationship;
      const number = details.addValue(value, 0, length);
      if (details.add(CONTACTS, row.bytes, start, end, number, tag, row.line) !== 'full') return;
      details.spoil(CONTACTS, row.bytes, start, end);
      from.report(
        'CONTACTS_TOO_MANY',
        by,
        `The student has more than ${CONTACTS.maxValues} contacts; this one is left out.`,
        'warning',
      );
    }
  };
  const onRow = (row: CsvRow): void => {
    if (file === undefined) {
      const { header } = bindHeader(row, definition, state.mapping);
      file = header === null ? null : new RosterFile(definition, header, findings, row, new Map());
      if (file === null) return;
      contactOf = contactColumns(file);
      id = file.column('id', 'key');
      if (contactOf === null) file = null;
      else details.state(CONTACTS);
    } else if (file !== null && id !== undefined) takeRow(row, file, id);
  };

  const csv = new CsvReader(onRow, CSV_LIMITS, layout.separator.separator);
  const transcoder = openTranscoder(layout.encoding);
  for await (const bytes of source.open()) {
    csv.push(transcoder.push(asBuffer(bytes)));
    if (file === null) return;
  }
  csv.end();
}
