import type { FindingCode } from '#core/findings.ts';
import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { bindHeader, type BoundColumn } from './bind-header.ts';
import { isMailAddress, OTHER, relationshipOf } from './contact-values.ts';
import { CSV_LIMITS, CsvReader, type CsvRow } from './csv-reader.ts';
import type { FileDefinition } from './format.ts';
import { asBuffer, type FileLayout } from './inspect-file.ts';
import { DETAIL_GROUPS } from './person-details.ts';
import { countCharacters, RosterFile } from './roster-file.ts';
import { isEmpty, isReliable, type RosterState } from './roster-state.ts';
import { mayHoldTwo } from './row-shape.ts';
import { looksLikeTotals } from './totals-row.ts';
import { openTranscoder } from './transcoder.ts';

const CONTACTS = DETAIL_GROUPS.contacts;

/** What is wrong with the contact of a row. */
interface ContactProblem {
  readonly code: FindingCode;
  readonly column: BoundColumn | undefined;
  readonly message: string;
}

/** The columns of a file that name a contact of the row's student. */
interface ContactColumns {
  readonly all: readonly BoundColumn[];
  /** The fields of the value, in the order of DETAIL_GROUPS.contacts. */
  readonly fields: readonly (BoundColumn | undefined)[];
  readonly relationship: BoundColumn | undefined;
  /** Of the row under way: what the contact is to the student (-1: a word that is not known); null: the row names none. */
  read(): number | ContactProblem | null;
}

/** Null: the file has none of them. */
function contactColumns(file: RosterFile): ContactColumns | null {
  const columnOf = (property: string): BoundColumn | undefined => file.column(property, 'contact');
  const all = file.header.columns.filter(({ part }) => part === 'contact');
  if (all.length === 0) return null;
  const [displayName, email, phone] = ['displayName', 'email', 'phone'].map(columnOf);
  const [relationship, type] = [columnOf('relationship'), columnOf('contactType')];
  const problem = (code: FindingCode, column: BoundColumn | undefined, message: string): ContactProblem => ({
    code,
    column,
    message: `${message}; the contact is left out.`,
  });
  const read = (): number | ContactProblem | null => {
    const { row } = file;
    if (all.every((column) => isEmpty(row, column))) return null;
    if (email === undefined || isEmpty(row, email))
      return problem('CONTACT_INCOMPLETE', email, 'The contact has no e-mail address');
    if (!isMailAddress(row.bytes, row.starts[email.position] as number, row.ends[email.position] as number))
      return problem('EMAIL_INVALID', email, `${email.title} is no e-mail address`);
    if (isEmpty(row, displayName))
      return problem('CONTACT_INCOMPLETE', displayName, 'The contact has no name');
    const word = isEmpty(row, relationship) ? '' : file.text(relationship);
    if (word !== '') return relationshipOf(word);
    // The type (Emergency, Primary, ...) is a relationship only now and then.
    const known = relationshipOf(isEmpty(row, type) ? '' : file.text(type));
    return known === -1 ? OTHER : known;
  };
  return { all, fields: [displayName, email, phone], relationship, read };
}

/** Reports what is wrong with the contact of the row under way. The student stays: nothing here makes the row bad. */
export function openContactReport(file: RosterFile): () => void {
  const columns = contactColumns(file);
  if (columns === null) return () => undefined;
  return () => {
    const contact = columns.read();
    if (contact === null) return;
    if (typeof contact === 'object') file.report(contact.code, contact.column, contact.message, 'warning');
    else if (contact === -1)
      file.report('RELATIONSHIP_UNKNOWN', columns.relationship, 'The relationship is taken for Other.');
  };
}

/** Leaves out what is too long, as is done when the row is taken. */
function dropLong({ row }: RosterFile, columns: readonly BoundColumn[]): void {
  for (const { position, maxLength } of columns) {
    const [start, end] = [row.starts[position] as number, row.ends[position] as number];
    if (end - start > maxLength && countCharacters(row.bytes.toString('utf8', start, end)) > maxLength)
      row.ends[position] = start;
  }
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
  if (!definition.columns.some(({ part, property }) => part === 'contact' && property === 'email')) return;
  if (layout.separator.problem !== null) return;
  const { details } = state;
  let file: RosterFile | null | undefined;
  let columns: ContactColumns | null = null;
  let id: BoundColumn | undefined;

  const takeRow = (row: CsvRow, from: RosterFile, by: BoundColumn): void => {
    const { fieldCount } = from.header;
    from.begin(row);
    const [start, end] = [row.starts[by.position] as number, row.ends[by.position] as number];
    if (row.fault !== null || row.count !== fieldCount) {
      if (looksLikeTotals(row, from.header, from.rows - 1)) return;
      const known = !isEmpty(row, by) && isReliable(row, by) && !mayHoldTwo(row, fieldCount);
      if (known) details.spoil(CONTACTS, row.bytes, start, end);
      else details.spoilAll(CONTACTS);
      return;
    }
    dropLong(from, columns?.all ?? []);
    const contact = columns?.read() ?? null;
    if (columns === null || contact === null) return;
    if (isEmpty(row, by)) details.spoilAll(CONTACTS);
    else if (typeof contact === 'object') details.spoil(CONTACTS, row.bytes, start, end);
    else {
      for (const [place, column] of columns.fields.entries()) {
        if (place > 0) details.nextField();
        if (column !== undefined)
          details.write(
            row.bytes,
            row.starts[column.position] as number,
            row.ends[column.position] as number,
          );
      }
      const value = details.endValue();
      const tag = contact === -1 ? OTHER : contact;
      if (details.add(CONTACTS, row.bytes, start, end, value, tag, row.line) !== 'full') return;
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
      file = header === null ? null : new RosterFile(definition, header, findings, row, new Map(), []);
      if (file === null) return;
      columns = contactColumns(file);
      id = file.column('id', 'key');
      if (columns === null) file = null;
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
