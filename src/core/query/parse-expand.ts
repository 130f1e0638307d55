import { InvalidRequestError } from '#lib/errors.ts';

import { findNavigation, type Catalogue } from './catalogue.ts';
import { parseSelect } from './parse-select.ts';
import { quote, UnsupportedQueryError } from './query-errors.ts';

/** Related objects that are to come along. */
export interface Expand {
  /** Name of the navigation. */
  readonly name: string;
  /** As `$select` of the query. */
  readonly select: readonly string[] | undefined;
}

/** Parses `$expand`, one level deep: `members($select=id,displayName),schools`. Throws InvalidRequestError, UnsupportedQueryError. */
export function parseExpand(text: string, catalogue: Catalogue): readonly Expand[] {
  const expands = splitOutsideParentheses(text, ',').map((item) => parseItem(item.trim(), catalogue));
  const names = expands.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw invalid(`names ${quote(double)} twice.`);
  return expands;
}

function parseItem(item: string, catalogue: Catalogue): Expand {
  const match = /^([A-Za-z]\w{0,99})\s*(?:\((.*)\))?$/su.exec(item);
  if (match?.[1] === undefined)
    throw invalid(`takes names of related objects, such as members($select=id), not ${quote(item)}.`);
  const found = findNavigation(catalogue, match[1]);
  if (found === undefined) {
    const choice = Object.keys(catalogue.navigations ?? {});
    throw new UnsupportedQueryError(
      `$expand does not take ${quote(match[1])} on type ${quote(catalogue.typeName)}. ` +
        (choice.length === 0 ? 'It has no related objects.' : `It takes ${choice.join(', ')}.`),
    );
  }
  const target = found.navigation.target();
  let select: readonly string[] | undefined;
  for (const option of match[2] === undefined ? [] : splitOutsideParentheses(match[2], ';')) {
    const [name = '', ...value] = option.split('=');
    if (!/^\$?select$/iu.test(name.trim()) || value.length === 0)
      throw new UnsupportedQueryError(
        `$expand takes $select inside, not ${quote(name.trim())}. Ask for the related objects at their own address.`,
      );
    if (select !== undefined) throw invalid(`has $select twice inside ${quote(found.name)}.`);
    select = parseSelect(value.join('='), target);
  }
  return { name: found.name, select };
}

function splitOutsideParentheses(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
    if (depth < 0 || depth > 1)
      throw invalid(depth < 0 ? 'has a parenthesis that closes nothing.' : 'goes one level deep, no deeper.');
  }
  if (depth > 0) throw invalid('has a parenthesis that nothing closes.');
  parts.push(text.slice(start));
  return parts;
}

function invalid(what: string): InvalidRequestError {
  return new InvalidRequestError(`$expand ${what}`, '$expand');
}
