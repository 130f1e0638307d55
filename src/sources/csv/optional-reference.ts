import { RECORD_CODES, type RecordName } from '#core/roster/record-codes.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn } from './bind-header.ts';
import { type IdTable, WITHDRAWN } from './id-table.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addField,
  findField,
  isEmpty,
  lookUp,
  messageOfDropped,
  messageOfMissing,
  type RosterState,
} from './roster-state.ts';

/**
 * A reference that a row may do without. What it names is not there: the reference is left out and the record stays.
 * @returns a function that gives the entry of what the row under way names, or NO_ENTRY.
 */
export function optionalReference(
  state: RosterState,
  file: RosterFile,
  column: BoundColumn | undefined,
  record: RecordName & ('org' | 'academicSession' | 'course'),
): () => number {
  if (column === undefined) return () => NO_ENTRY;
  const { hash, delta } = state;
  const table: IdTable = { org: state.orgs, academicSession: state.sessions, course: state.courses }[record];
  const target = { table, code: RECORD_CODES[record], file: state.fileOf(record) };
  return () => {
    const { row } = file;
    if (isEmpty(row, column)) return NO_ENTRY;
    const index = findField(table, row, column);
    switch (lookUp(state, target, index, row, column)) {
      case 'present':
        return table.entries[index] as number;
      case 'missing':
        if (record === 'org' && index !== -1 && table.states[index] === WITHDRAWN) {
          file.goesWithOrg(file.text(column));
          return NO_ENTRY;
        }
        file.report(
          'REFERENCE_NOT_FOUND',
          column,
          () => `${messageOfMissing(column, file.text(column), target.file)} It is left out.`,
          'warning',
        );
        return NO_ENTRY;
      case 'dropped':
        // What the directory has of it stays, and the reference with it.
        file.report('REFERENCE_DROPPED', column, messageOfDropped(column, target.file));
        hash.beginKey(target.code);
        addField(hash, row, column);
        hash.endKey();
        return delta.keep(hash.key) ? delta.entry : NO_ENTRY;
      case 'unchecked':
        return NO_ENTRY;
    }
  };
}
