import { must } from '#lib/assert.ts';

import type { BoundColumn } from './bind-header.ts';
import { DETAIL_GROUPS } from './person-details.ts';
import type { RosterFile } from './roster-file.ts';
import { isEmpty, isReliable, type RosterState, type RowReader, spareFile } from './roster-state.ts';

/** demographics.csv, userFlags.csv: a row says something of a person, which goes into the record of the person. */
export function readDetails(state: RosterState, file: RosterFile): RowReader {
  const { details } = state;
  const { describes } = file.definition;
  const group = DETAIL_GROUPS[must(describes === 'shared' ? undefined : describes)];
  const person = must(file.column('person', 'reference'));
  const flags = file.header.columns.filter(({ adds }) => adds !== undefined);
  details.state(group);

  const at = (): [bytes: Buffer, start: number, end: number] => {
    const { bytes, starts, ends } = file.row;
    return [bytes, starts[person.position] as number, ends[person.position] as number];
  };
  const valueOf = (property: string, record: Readonly<Record<string, string | null>>): string =>
    record[property] ?? added(property).join(',');
  const added = (property: string): string[] =>
    flags
      .filter((column) => column.property === property && file.text(column) === 'true')
      .map(({ adds }) => must(adds));
  const writeValue = (): number => {
    const record = file.record('record');
    for (const [place, property] of group.properties.entries()) {
      if (place > 0) details.nextField();
      const bytes = Buffer.from(valueOf(property, record));
      details.write(bytes, 0, bytes.length);
    }
    return details.endValue();
  };

  return {
    salvage(row) {
      if (isEmpty(row, person) || !isReliable(row, person)) return false;
      details.spoil(group, ...at());
      return true;
    },
    take(row) {
      file.checkValues();
      if (isEmpty(row, person)) {
        spareFile(state, file);
        return;
      }
      if (file.bad) {
        details.spoil(group, ...at());
        return;
      }
      const outcome = details.add(group, ...at(), writeValue(), 0, row.line);
      if (outcome === 'again')
        file.report('ROW_DUPLICATE', undefined, 'The row is there twice; the second one is ignored.');
      else if (outcome === 'full') reportFull(file, person, group.maxValues);
    },
  };
}

function reportFull(file: RosterFile, person: BoundColumn, most: number): void {
  file.report(
    'ID_DUPLICATE',
    person,
    most === 1
      ? 'This person was there before, with other values; the first row counts.'
      : `Of one person ${most} rows are taken; this one is left out.`,
  );
}
