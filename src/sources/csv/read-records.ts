import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { CsvRow } from './csv-reader.ts';
import { DROPPED, PRESENT } from './id-table.ts';
import { optionalReference } from './optional-reference.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addAttributes,
  addField,
  addFieldTo,
  isEmpty,
  isReliable,
  reportRepeated,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';

/** Checks and takes a row at once, or first the one and later the other. */
export interface RecordReader extends RowReader {
  check(row: CsvRow): boolean;
  takeChecked(row: CsvRow): void;
  /** What a bad row points at is judged, too: whoever mends the row mends all of it at once. */
  judgeReferences(): void;
}

/** school.csv, orgs.csv, academicSessions.csv, courses.csv: a row is a record with an id of its own, which may point at another of its kind. */
export function readRecords(
  state: RosterState,
  file: RosterFile,
  kind: 'org' | 'academicSession' | 'course',
): RecordReader {
  const { hash, delta } = state;
  const code = RECORD_CODES[kind];
  const table = { org: state.orgs, academicSession: state.sessions, course: state.courses }[kind];
  const id = must(file.column('id', 'key'));
  const attributes = file.header.columns.filter(({ part }) => part === 'record');
  const parent = file.column('parent', 'reference');
  const findParent = optionalReference(state, file, parent, kind);
  const others = (
    [
      ['org', 'org'],
      ['schoolYear', 'academicSession'],
    ] as const
  ).flatMap(([property, record]) => {
    const column = file.column(property, 'reference');
    return column === undefined ? [] : [{ column, find: optionalReference(state, file, column, record) }];
  });
  const startDate = file.column('startDate');
  const endDate = file.column('endDate');

  const hashKey = (): void => {
    hash.beginKey(code);
    addField(hash, file.row, id);
    hash.endKey();
  };
  /** @returns whether the record is known from before. */
  const drop = (): boolean => {
    const index = addFieldTo(table, file.row, id);
    if (table.states[index] === PRESENT) return true;
    table.states[index] = DROPPED;
    hashKey();
    return delta.keep(hash.key);
  };
  /** Checks the row. @returns false: it is bad, and its record was dropped. */
  const check = (row: CsvRow): boolean => {
    file.checkValues();
    file.checkRange(startDate, endDate, 'The session');
    if (file.bad) {
      if (isEmpty(row, id)) spareFile(state, file);
      else drop();
    }
    return !file.bad;
  };

  const judgeReferences = (): void => {
    findParent();
    for (const { find } of others) find();
  };

  return {
    check,
    judgeReferences,
    salvage: (row) => !isEmpty(row, id) && (drop() || isReliable(row, id)),
    take(row) {
      if (check(row)) this.takeChecked(row);
      else judgeReferences();
    },
    takeChecked(row) {
      const parentEntry = findParent();
      const hasParent = parentEntry !== NO_ENTRY && parent !== undefined;
      const named = others.filter(({ find }) => find() !== NO_ENTRY).map(({ column }) => column);
      const index = addFieldTo(table, row, id);
      const wasPresent = table.states[index] === PRESENT;
      hash.beginContent(code);
      addAttributes(hash, file, attributes);
      if (hasParent) addField(hash, row, parent);
      for (const column of named) addField(hash, row, column);
      hash.endContent();
      if (wasPresent) {
        reportRepeated(file, delta.hasContent(table.entries[index] as number, hash.content));
        return;
      }
      hashKey();
      const sighting = delta.see(code, hash.key, hash.content);
      table.states[index] = PRESENT;
      table.entries[index] = delta.entry;
      if (sighting !== 'new' && sighting !== 'changed') return;
      const sourceId = file.text(id);
      const record = {
        ...file.record('record'),
        ...(hasParent ? { parent: file.text(parent) } : {}),
        ...Object.fromEntries(named.map((column) => [column.property, file.text(column)])),
      };
      delta.emit(sighting, code, delta.entry, {
        sourceId,
        schoolId: kind === 'org' ? sourceId : null,
        firstEntry: parentEntry,
        objectId: sighting === 'new' ? state.newId() : null,
        after: JSON.stringify(record),
        file: file.definition.name,
        line: row.line,
      });
    },
  };
}
