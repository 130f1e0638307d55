import type { HandValues } from '#storage/directory/hand-columns.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

/** A change of one object, told from what it is now. */
export interface ObjectChange {
  readonly id: string;
  readonly view: View;
  /** New values by path: those that differ from the row of the view. Throws what is wrong with the request. */
  read(this: void, current: ViewRow): HandValues;
}

/** Of the values before, those that were not the same already (the view may show a value that is stored in another form). */
export function changedOnly(
  before: Readonly<Record<string, unknown>>,
  after: HandValues,
): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const paths = Object.keys(after).filter((path) => before[path] !== after[path]);
  const pick = (from: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(paths.map((path) => [path, from[path]]));
  return { before: pick(before), after: pick(after) };
}
