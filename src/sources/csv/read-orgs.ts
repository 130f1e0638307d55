import { must } from '#lib/assert.ts';

import type { CsvRow } from './csv-reader.ts';
import { PRESENT } from './id-table.ts';
import { readRecords } from './read-records.ts';
import type { RosterFile } from './roster-file.ts';
import { findField, isEmpty, type RosterState, type RowReader, withdrawFrom } from './roster-state.ts';
import { copyRow } from './totals-row.ts';

interface HeldOrg {
  readonly row: CsvRow;
  readonly parent: string;
  state: 'waiting' | 'underWay' | 'taken';
}

/**
 * school.csv or orgs.csv: a row is an org. One with a parent may stand before it: it is held back until the file ends, since what is pointed at
 * is taken first. There are few orgs beside people.
 */
export function readOrgs(state: RosterState, file: RosterFile): RowReader {
  const orgs = readRecords(state, file, 'org');
  const id = must(file.column('id', 'key'));
  const parent = file.column('parent', 'reference');
  if (parent === undefined) return orgs;
  const heldById = new Map<string, HeldOrg>();
  const again: CsvRow[] = [];

  const takeNow = (row: CsvRow): void => {
    file.resume(row);
    orgs.takeChecked(row);
  };
  /** An org behind all that stand above it. */
  const takeBehindParent = (held: HeldOrg): void => {
    const path: HeldOrg[] = [];
    for (let next: HeldOrg | undefined = held; next?.state === 'waiting'; next = heldById.get(next.parent)) {
      next.state = 'underWay';
      path.push(next);
      if (heldById.get(next.parent)?.state !== 'underWay') continue;
      file.resume(next.row);
      file.report(
        'ORG_CIRCLE',
        parent,
        () => `Its parents lead back to the org itself; the parent is left out.`,
      );
      next.row.ends[parent.position] = next.row.starts[parent.position] as number;
    }
    for (const one of path.toReversed()) {
      one.state = 'taken';
      takeNow(one.row);
    }
  };
  const isTaken = (row: CsvRow): boolean => {
    const index = findField(state.orgs, row, id);
    return index !== -1 && state.orgs.states[index] === PRESENT;
  };

  return {
    salvage: (row) => orgs.salvage(row),
    withdraw: (row) => withdrawFrom(state.orgs, row, id),
    take(row) {
      // Before it is held, so that the first good row is the one that counts, and is known to.
      if (!orgs.check(row)) return;
      const orgId = file.text(id);
      if (heldById.has(orgId) || isTaken(row)) again.push(copyRow(row));
      else if (isEmpty(row, parent)) orgs.takeChecked(row);
      else heldById.set(orgId, { row: copyRow(row), parent: file.text(parent), state: 'waiting' });
    },
    finish() {
      for (const held of heldById.values()) takeBehindParent(held);
      for (const row of again) takeNow(row);
    },
  };
}
