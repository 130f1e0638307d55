import { InvalidRequestError } from '#lib/errors.ts';

import { findProperty, type Catalogue } from './catalogue.ts';
import { quote, unknownProperty, UnsupportedQueryError } from './query-errors.ts';

export interface OrderBy {
  readonly path: string;
  readonly descending: boolean;
}

const MAX_PROPERTIES = 5;

/** Parses `$orderby`: properties, each with `asc` or `desc` behind it if wanted. Throws InvalidRequestError, UnsupportedQueryError. */
export function parseOrderBy(text: string, catalogue: Catalogue): readonly OrderBy[] {
  const items = text.split(',');
  if (items.length > MAX_PROPERTIES)
    throw new UnsupportedQueryError(`$orderby takes at most ${MAX_PROPERTIES} properties.`);
  const order = items.map((item) => parseItem(item, catalogue));
  const paths = order.map(({ path }) => path);
  const double = paths.find((path, index) => paths.indexOf(path) !== index);
  if (double !== undefined)
    throw new InvalidRequestError(`$orderby names ${quote(double)} twice.`, '$orderby');
  return order;
}

function parseItem(item: string, catalogue: Catalogue): OrderBy {
  const match = /^\s*([\w/]{1,100})(?:\s+(asc|desc))?\s*$/iu.exec(item);
  if (match?.[1] === undefined)
    throw new InvalidRequestError(
      '$orderby takes properties, separated by commas, each perhaps followed by asc or desc.',
      '$orderby',
    );
  const found = findProperty(catalogue, match[1]);
  if (found === undefined) throw unknownProperty('$orderby', match[1], catalogue.typeName);
  const { path, property } = found;
  if (property.filterable === false || property.type === 'complex' || property.type === 'collection')
    throw new UnsupportedQueryError(`$orderby does not take the property ${quote(path)}.`);
  return { path, descending: match[2]?.toLowerCase() === 'desc' };
}
