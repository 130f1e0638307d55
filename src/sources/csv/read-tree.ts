import { must } from '#lib/assert.ts';

import type { CsvRow } from './csv-reader.ts';
import { PRESENT } from './id-table.ts';
import { readRecords } from './read-records.ts';
import type { PutOffRow, RosterFile } from './roster-file.ts';
import { findField, isEmpty, type RosterState, type RowReader, withdrawFrom } from './roster-state.ts';

interface HeldRecord {
  readonly putOff: PutOffRow;
  readonly parent: string;
  state: 'waiting' | 'underWay' | 'taken';
}

const CIRCLES = { org: 'ORG_CIRCLE', academicSession: 'SESSION_CIRCLE' } as const;

/**
 * school.csv, orgs.csv, academicSessions.csv: a row is a record of a tree. One with a parent may stand before it: it is held back until the file
 * ends, since what is pointed at is taken first. There are few of them beside people.
 */
export function readTree(state: RosterState, file: RosterFile, kind: keyof typeof CIRCLES): RowReader {
  const records = readRecords(state, file, kind);
  const table = kind === 'org' ? state.orgs : state.sessions;
  const id = must(file.column('id', 'key'));
  const parent = file.column('parent', 'reference');
  const withdraw = (row: CsvRow): void => {
    withdrawFrom(table, row, id);
    if (kind === 'org') file.noteWithdrawnOrg(file.text(id));
  };
  if (parent === undefined) return { ...records, withdraw };
  const heldById = new Map<string, HeldRecord>();
  const again: PutOffRow[] = [];
  const bad: PutOffRow[] = [];

  const takeNow = (putOff: PutOffRow): void => {
    file.resume(putOff);
    records.takeChecked(putOff.row);
  };
  /** A record behind all that stand above it. */
  const takeBehindParent = (held: HeldRecord): void => {
    const path: HeldRecord[] = [];
    for (
      let next: HeldRecord | undefined = held;
      next?.state === 'waiting';
      next = heldById.get(next.parent)
    ) {
      next.state = 'underWay';
      path.push(next);
      if (heldById.get(next.parent)?.state !== 'underWay') continue;
      file.resume(next.putOff);
      file.report(
        CIRCLES[kind],
        parent,
        `Its parents lead back to the ${file.definition.record} itself; the parent is left out.`,
      );
      const { starts, ends } = next.putOff.row;
      ends[parent.position] = starts[parent.position] as number;
    }
    for (const one of path.toReversed()) {
      one.state = 'taken';
      takeNow(one.putOff);
    }
  };
  const isTaken = (row: CsvRow): boolean => {
    const index = findField(table, row, id);
    return index !== -1 && table.states[index] === PRESENT;
  };

  return {
    salvage: (row) => records.salvage(row),
    withdraw,
    take(row) {
      // Before it is held, so that the first good row is the one that counts, and is known to.
      if (!records.check(row)) {
        if (!isEmpty(row, parent)) bad.push(file.putOff());
        return;
      }
      const ownId = file.text(id);
      if (heldById.has(ownId) || isTaken(row)) again.push(file.putOff());
      else if (isEmpty(row, parent)) records.takeChecked(row);
      else heldById.set(ownId, { putOff: file.putOff(), parent: file.text(parent), state: 'waiting' });
    },
    finish() {
      for (const held of heldById.values()) takeBehindParent(held);
      for (const putOff of again) takeNow(putOff);
      for (const putOff of bad) {
        file.resume(putOff);
        records.judgeReferences();
      }
    },
  };
}
