import { InvalidRequestError } from '#lib/errors.ts';

import { findProperty, type Catalogue } from './catalogue.ts';
import type { Filter } from './filter.ts';
import { quote, UnsupportedQueryError } from './query-errors.ts';

export const MAX_SEARCH_LENGTH = 1_024;
/** Each clause costs the database work on every row. */
const MAX_CLAUSES = 20;
const MAX_DEPTH = 20;

/**
 * Parses `$search` as Graph's directory takes it: `"displayName:ann"`, or `"ann"` and `ann` for the properties that are searched without
 * saying so; with AND, OR, NOT in capitals and parentheses; two clauses side by side mean AND. A clause is found where a word of
 * the property begins with it; what stands between words (blanks, dots, @) does not count. Throws InvalidRequestError, UnsupportedQueryError.
 */
export function parseSearch(text: string, catalogue: Catalogue): Filter {
  if (text.length > MAX_SEARCH_LENGTH) throw invalid(`is longer than ${MAX_SEARCH_LENGTH} characters.`);
  const parser = new SearchParser(tokensOf(text), catalogue);
  const filter = parser.parseOr(0);
  if (!parser.atEnd) throw invalid('has a parenthesis that closes nothing.');
  return filter;
}

type Token = { readonly kind: 'open' | 'close' | 'AND' | 'OR' | 'NOT' | 'clause'; readonly text: string };

function tokensOf(text: string): Token[] {
  const pattern = /\s+|(\()|(\))|"((?:[^"\\]|\\.)*)"|([^\s()"]+)/gsu;
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index !== end) break;
    end = match.index + match[0].length;
    const [, open, close, phrase, word] = match;
    if (open !== undefined) tokens.push({ kind: 'open', text: open });
    else if (close !== undefined) tokens.push({ kind: 'close', text: close });
    else if (phrase !== undefined)
      tokens.push({ kind: 'clause', text: phrase.replaceAll(/\\(.)/gsu, (_, escaped: string) => escaped) });
    else if (word === 'AND' || word === 'OR' || word === 'NOT') tokens.push({ kind: word, text: word });
    else if (word !== undefined) tokens.push({ kind: 'clause', text: word });
  }
  if (end < text.length) throw invalid('has a double quote that nothing closes.');
  return tokens;
}

class SearchParser {
  readonly #tokens: readonly Token[];
  readonly #catalogue: Catalogue;
  #index = 0;
  #clauses = 0;

  constructor(tokens: readonly Token[], catalogue: Catalogue) {
    this.#tokens = tokens;
    this.#catalogue = catalogue;
  }

  get atEnd(): boolean {
    return this.#index === this.#tokens.length;
  }

  parseOr(depth: number): Filter {
    const operands = [this.#parseAnd(depth)];
    while (this.#take('OR')) operands.push(this.#parseAnd(depth));
    return group('or', operands);
  }

  #parseAnd(depth: number): Filter {
    const operands = [this.#parseUnary(depth)];
    for (;;) {
      const next = this.#tokens[this.#index]?.kind;
      if (next === 'AND') this.#index += 1;
      else if (next === undefined || next === 'OR' || next === 'close') return group('and', operands);
      operands.push(this.#parseUnary(depth));
    }
  }

  #parseUnary(depth: number): Filter {
    if (depth > MAX_DEPTH) throw invalid(`is nested deeper than ${MAX_DEPTH}.`);
    if (this.#take('NOT')) return { kind: 'not', operand: this.#parseUnary(depth + 1) };
    if (this.#take('open')) {
      const inner = this.parseOr(depth + 1);
      if (!this.#take('close')) throw invalid('has a parenthesis that nothing closes.');
      return inner;
    }
    const token = this.#tokens[this.#index];
    if (token?.kind !== 'clause') throw invalid('lacks a word or a "phrase" where one was expected.');
    this.#index += 1;
    this.#clauses += 1;
    if (this.#clauses > MAX_CLAUSES) throw invalid(`has more than ${MAX_CLAUSES} clauses.`);
    return this.#clause(token.text);
  }

  #take(kind: Token['kind']): boolean {
    const found = this.#tokens[this.#index]?.kind === kind;
    if (found) this.#index += 1;
    return found;
  }

  #clause(text: string): Filter {
    const colon = /^([A-Za-z]\w*(?:\/\w+)*):(.*)$/su.exec(text);
    const [, name, value = text] = colon ?? [];
    if (!/[\p{L}\p{N}]/u.test(value)) throw invalid(`has no letter or digit in ${quote(text)}.`);
    if (value.includes('\0')) throw invalid('holds the character U+0000.');
    const paths = name === undefined ? (this.#catalogue.searched ?? []) : [this.#searchable(name)];
    if (paths.length === 0)
      throw new UnsupportedQueryError(
        `$search has to name a property of type ${quote(this.#catalogue.typeName)}.`,
      );
    return group(
      'or',
      paths.map((path) => ({ kind: 'call', function: 'search', path, text: value })),
    );
  }

  #searchable(name: string): string {
    const found = findProperty(this.#catalogue, name);
    if (found === undefined)
      throw invalid(
        `names a property that type ${quote(this.#catalogue.typeName)} does not have: ${quote(name)}.`,
      );
    if (found.property.type !== 'string' || found.property.filterable === false)
      throw new UnsupportedQueryError(`The property ${quote(found.path)} cannot be used in $search.`);
    return found.path;
  }
}

/** Groups hold none of their own kind. */
function group(kind: 'and' | 'or', operands: readonly Filter[]): Filter {
  const [only] = operands;
  if (operands.length === 1 && only !== undefined) return only;
  return {
    kind,
    operands: operands.flatMap((one) => (one.kind === kind ? one.operands : [one])),
  };
}

function invalid(what: string): InvalidRequestError {
  return new InvalidRequestError(`Invalid search clause: $search ${what}`, '$search');
}
