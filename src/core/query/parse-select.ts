import { InvalidRequestError } from '#lib/errors.ts';

import { findProperty, type Catalogue } from './catalogue.ts';
import { unknownProperty } from './query-errors.ts';

const MAX_SELECT = 200;

/** Paths in the order asked for, without repetition; undefined: everything (`*`). Throws InvalidRequestError. */
export function parseSelect(text: string, catalogue: Catalogue): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  if (names.length > MAX_SELECT) {
    throw new InvalidRequestError(`$select takes at most ${MAX_SELECT} properties.`, '$select');
  }
  if (names.includes('*')) return undefined;
  const paths = names.map((name) => {
    if (name === '')
      throw new InvalidRequestError(
        '$select has an empty entry. Name properties, separated by commas.',
        '$select',
      );
    const found = findProperty(catalogue, name);
    if (found === undefined) throw unknownProperty('$select', name, catalogue.typeName);
    return found.path;
  });
  return [...new Set(paths)];
}
