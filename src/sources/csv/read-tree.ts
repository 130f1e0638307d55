import { must } from '#lib/assert.ts';

import type { CsvRow } from './csv-reader.ts';
import { PRESENT } from './id-table.ts';
import { readRecords } from './read-records.ts';
import type { RosterFile } from './roster-file.ts';
import { findField, isEmpty, type RosterState, type RowReader, withdrawFrom } from './roster-state.ts';
import { copyRow } from './totals-row.ts';

interface HeldRecord {
  readonly row: CsvRow;
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
  const again: CsvRow[] = [];
  const bad: CsvRow[] = [];

  const takeNow = (row: CsvRow): void => {
    file.resume(row);
    records.takeChecked(row);
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
      file.resume(next.row);
      file.report(
        CIRCLES[kind],
        parent,
        `Its parents lead back to the ${file.definition.record} itself; the parent is left out.`,
      );
      next.row.ends[parent.position] = next.row.starts[parent.position] as number;
    }
    for (const one of path.toReversed()) {
      one.state = 'taken';
      takeNow(one.row);
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
        if (!isEmpty(row, parent)) bad.push(copyRow(row));
        return;
      }
      const ownId = file.text(id);
      if (heldById.has(ownId) || isTaken(row)) again.push(copyRow(row));
      else if (isEmpty(row, parent)) records.takeChecked(row);
      else heldById.set(ownId, { row: copyRow(row), parent: file.text(parent), state: 'waiting' });
    },
    finish() {
      for (const held of heldById.values()) takeBehindParent(held);
      for (const row of again) takeNow(row);
      for (const row of bad) {
        file.resume(row);
        records.judgeReferences();
      }
    },
  };
}
