import { must } from '#lib/assert.ts';

import { isMailAddress, OTHER, relationshipOf } from './contact-values.ts';
import type { BoundColumn } from './bind-header.ts';
import type { FileName } from './format.ts';
import { DROPPED, PRESENT } from './id-table.ts';
import { DETAIL_GROUPS } from './person-details.ts';
import type { RosterFile } from './roster-file.ts';
import {
  isEmpty,
  isReliable,
  messageOfDropped,
  messageOfMissing,
  reportRepeated,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';

const CONTACTS = DETAIL_GROUPS.contacts;
/** An address has 256 characters at most. */
const ADDRESS_BYTES = 1024;
const BLANK = 0x20;
export const CONTACTS_FILE = 'user.csv';

/** Addresses are compared without the letter case of ASCII: two files of one export write them as they like. */
function lowerCaseInto(scratch: Buffer, bytes: Buffer, start: number, end: number): number {
  const length = Math.min(end - start, scratch.length);
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[start + i] as number;
    scratch[i] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
  return length;
}

/**
 * user.csv of SDS V1: a row is somebody who may be a contact, known by the e-mail address. It says nothing until a row of
 * guardianrelationship.csv names it.
 */
export function readContacts(state: RosterState, file: RosterFile): RowReader {
  const { contacts, details } = state;
  const email = must(file.column('id', 'key'));
  const givenName = must(file.column('givenName'));
  const surname = must(file.column('surname'));
  const phone = must(file.column('phone'));
  const address = Buffer.alloc(ADDRESS_BYTES);
  const indexOf = (): number => {
    const { bytes, starts, ends } = file.row;
    const { position } = email;
    return contacts.add(
      address,
      0,
      lowerCaseInto(address, bytes, starts[position] as number, ends[position] as number),
    );
  };
  /** Who names this contact waits. */
  const drop = (): void => {
    const index = indexOf();
    if (contacts.states[index] !== PRESENT) contacts.states[index] = DROPPED;
  };
  const failEmail = (): void => {
    file.report('EMAIL_INVALID', email, `${email.title} is no address; the contact is left out.`, 'error');
    file.reject();
  };

  return {
    salvage(row) {
      if (isEmpty(row, email) || !isReliable(row, email)) return false;
      drop();
      return true;
    },
    take(row) {
      file.checkValues();
      if (isEmpty(row, email)) {
        file.fail('CONTACT_INCOMPLETE', email, 'The contact has no e-mail address.');
        return;
      }
      const { position } = email;
      if (!isMailAddress(row.bytes, row.starts[position] as number, row.ends[position] as number))
        failEmail();
      if (isEmpty(row, givenName) && isEmpty(row, surname))
        file.fail('CONTACT_INCOMPLETE', givenName, 'The contact has no name.');
      if (file.bad) {
        drop();
        return;
      }
      const { bytes, starts, ends } = row;
      const write = (column: BoundColumn): void =>
        details.write(bytes, starts[column.position] as number, ends[column.position] as number);
      write(givenName);
      if (!isEmpty(row, givenName) && !isEmpty(row, surname)) details.writeByte(BLANK);
      write(surname);
      details.nextField();
      write(email);
      details.nextField();
      write(phone);
      const value = details.endValue();
      const index = indexOf();
      if (contacts.states[index] !== PRESENT) {
        contacts.states[index] = PRESENT;
        contacts.entries[index] = value;
      } else reportRepeated(file, details.sameValues(contacts.entries[index] as number, value));
    },
  };
}

/**
 * guardianrelationship.csv of SDS V1, relationships.csv of V2.1: a row makes somebody of another file a contact of a student, whom it names
 * by the e-mail address, or by the id.
 */
export function readRelationships(
  state: RosterState,
  file: RosterFile,
  people: { readonly file: FileName; readonly byAddress: boolean },
): RowReader {
  const { contacts, details } = state;
  const student = must(file.column('person', 'reference'));
  const contact = must(file.column('contact', 'reference'));
  const relationship = must(file.column('relationship'));
  const address = Buffer.alloc(ADDRESS_BYTES);
  details.state(CONTACTS);

  const spoil = (): void => {
    const { bytes, starts, ends } = file.row;
    details.spoil(CONTACTS, bytes, starts[student.position] as number, ends[student.position] as number);
  };
  /** The number of the contact's value; -1: there is none, and it is reported. */
  const findContact = (): number => {
    const { bytes, starts, ends } = file.row;
    const [start, end] = [starts[contact.position] as number, ends[contact.position] as number];
    const index = people.byAddress
      ? contacts.find(address, 0, lowerCaseInto(address, bytes, start, end))
      : contacts.find(bytes, start, end);
    const found = index === -1 ? undefined : contacts.states[index];
    if (found === PRESENT) return contacts.entries[index] as number;
    if (found === DROPPED || state.unreadableRows.has(people.file))
      file.report('REFERENCE_DROPPED', contact, messageOfDropped(contact, people.file));
    else if (!state.unusable.has(people.file))
      file.fail('REFERENCE_NOT_FOUND', contact, () =>
        messageOfMissing(contact, file.text(contact), people.file),
      );
    return -1;
  };

  return {
    salvage(row) {
      if (isEmpty(row, student) || !isReliable(row, student)) return false;
      spoil();
      return true;
    },
    take(row) {
      file.checkValues();
      if (isEmpty(row, student)) {
        spareFile(state, file);
        return;
      }
      if (people.byAddress && isEmpty(row, contact))
        file.fail('CONTACT_INCOMPLETE', contact, 'The contact has no e-mail address.');
      const wasBad = file.bad;
      const value = isEmpty(row, contact) ? -1 : findContact();
      if (wasBad || value === -1) {
        spoil();
        return;
      }
      const word = file.text(relationship);
      const tag = relationshipOf(word);
      if (tag === -1)
        file.report('RELATIONSHIP_UNKNOWN', relationship, `${relationship.title} is taken for Other.`);
      const { position } = student;
      const [start, end] = [row.starts[position] as number, row.ends[position] as number];
      const added = details.add(CONTACTS, row.bytes, start, end, value, tag === -1 ? OTHER : tag, row.line);
      if (added === 'again')
        file.report('ROW_DUPLICATE', undefined, 'The row is there twice; the second one is ignored.');
      else if (added === 'full') {
        file.fail(
          'CONTACTS_TOO_MANY',
          student,
          `The student has more than ${CONTACTS.maxValues} contacts; this one is left out.`,
        );
        spoil();
      }
    },
  };
}
