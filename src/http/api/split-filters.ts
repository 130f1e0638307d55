import { InvalidRequestError } from '#lib/errors.ts';

/**
 * Filters of a list of our own API, which have plain names, apart from the options of OData, which readers of those check. Names may come in
 * any case. Errors: InvalidRequestError for a filter that appears twice.
 */
export function splitFilters<Name extends string>(
  pairs: readonly (readonly [name: string, value: string])[],
  names: readonly Name[],
): { filters: Map<Name, string>; others: [string, string][] } {
  const filters = new Map<Name, string>();
  const others: [string, string][] = [];
  for (const [name, value] of pairs) {
    const filter = names.find((known) => known.toLowerCase() === name.toLowerCase());
    if (filter === undefined) others.push([name, value]);
    else if (filters.has(filter)) throw new InvalidRequestError(`${filter} appears twice.`, filter);
    else filters.set(filter, value);
  }
  return { filters, others };
}
