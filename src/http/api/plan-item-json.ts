import { isDeepStrictEqual } from 'node:util';

import type { ReadItem } from '#storage/plan/read-plan.ts';

/** One change of a property. */
interface PropertyChange {
  readonly property: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** An item of a plan as clients get it: with the properties that differ, so that nobody has to look for them. */
export function itemJson(item: ReadItem): Record<string, unknown> {
  const { failureCode, failureMessage, ...rest } = item;
  return {
    ...rest,
    changes: changesOf(item),
    failure: failureCode === null ? null : { code: failureCode, message: failureMessage },
  };
}

/** What an update changes; for a create or an ending everything is said by `after` or `before`. */
export function changesOf({ action, before, after }: ReadItem): PropertyChange[] {
  if (
    before === null ||
    after === null ||
    (action !== 'update' && action !== 'reactivate' && action !== 'move')
  )
    return [];
  const properties = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return (
    properties
      .map((property) => ({ property, before: before[property] ?? null, after: after[property] ?? null }))
      // What the source does not say (a column that is left out) is not changed.
      .filter(
        ({ property, before: old, after: next }) =>
          property in after && !isDeepStrictEqual(orNull(old), orNull(next)),
      )
  );
}

/** An empty list says as much as none. */
function orNull(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? null : value;
}
