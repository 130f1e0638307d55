import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { DROPPED, PRESENT } from './id-table.ts';
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

const ORG = RECORD_CODES.org;

/** school.csv: a row is an org. */
export function readSchools(state: RosterState, file: RosterFile): RowReader {
  const { hash, delta, orgs } = state;
  const id = must(file.column('id', 'key'));
  const attributes = file.header.columns.filter(({ part }) => part === 'record');

  const hashKey = (): void => {
    hash.beginKey(ORG);
    addField(hash, file.row, id);
    hash.endKey();
  };
  /** @returns whether the record is known from before. */
  const drop = (): boolean => {
    const index = addFieldTo(orgs, file.row, id);
    if (orgs.states[index] === PRESENT) return true;
    orgs.states[index] = DROPPED;
    hashKey();
    return delta.keep(hash.key);
  };

  return {
    salvage: (row) => !isEmpty(row, id) && (drop() || isReliable(row, id)),
    take(row) {
      file.checkValues();
      if (file.bad) {
        if (isEmpty(row, id)) spareFile(state, file);
        else drop();
        return;
      }
      const index = addFieldTo(orgs, row, id);
      const wasPresent = orgs.states[index] === PRESENT;
      hash.beginContent(ORG);
      addAttributes(hash, file, attributes);
      hash.endContent();
      if (wasPresent) {
        reportRepeated(file, delta.hasContent(orgs.entries[index] as number, hash.content));
        return;
      }
      hashKey();
      const sighting = delta.see(ORG, hash.key, hash.content);
      orgs.states[index] = PRESENT;
      orgs.entries[index] = delta.entry;
      if (sighting !== 'new' && sighting !== 'changed') return;
      const sourceId = file.text(id);
      delta.emit(sighting, ORG, delta.entry, {
        sourceId,
        schoolId: sourceId,
        objectId: sighting === 'new' ? state.newId() : null,
        after: JSON.stringify(file.record('record')),
        file: file.definition.name,
        line: row.line,
      });
    },
  };
}
