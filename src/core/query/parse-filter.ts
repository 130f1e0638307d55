import { must } from '#lib/assert.ts';

import { lexFilter, type Token, type TokenKind } from './filter-lexer.ts';
import {
  COMPARISONS,
  TEXT_FUNCTIONS,
  type Comparison,
  type FilterSyntax,
  type TextFunction,
} from './filter-syntax.ts';
import { invalidFilter, quote, UnsupportedQueryError } from './query-errors.ts';

/** Parentheses and `not` inside each other. Bounds the recursion of everything that walks a filter. */
export const MAX_FILTER_DEPTH = 50;
/** Comparisons, calls and values of lists in one filter: each costs the database work on every row. */
export const MAX_FILTER_TERMS = 100;

/**
 * Parses a `$filter` (OData 4.01, URL conventions 5.1.1; keywords in any case, as Graph takes them). Recursive descent:
 *
 *   filter     = or end
 *   or         = and { "or" and }
 *   and        = unary { "and" unary }
 *   unary      = "not" unary | "(" or ")" | any | call | comparison
 *   any        = path "/any(" [ name ":" or ] ")"
 *   call       = function "(" path "," value ")" [ "eq" ( "true" | "false" ) ]
 *   comparison = path ( operator value | "in" "(" value { "," value } ")" )
 *   function   = "startswith" | "endswith" | "contains"
 *   operator   = "eq" | "ne" | "gt" | "ge" | "lt" | "le"
 *   value      = string | number | date | dateTimeOffset | guid | "true" | "false" | "null" | enumType string
 *   path       = name { "/" name }
 *
 * Throws InvalidRequestError (the position and what was expected), UnsupportedQueryError.
 */
export function parseFilter(text: string): FilterSyntax {
  const reader = new TokenReader(lexFilter(text));
  const filter = parseOr(reader);
  if (reader.next.kind !== 'end') throw reader.unexpected('"and", "or" or the end');
  return filter;
}

/** A place in a list of tokens, with what bounds the work. */
class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token {
    return must(this.#tokens[this.#index]);
  }

  get afterNext(): Token {
    return this.#tokens[this.#index + 1] ?? this.next;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  expect(kind: TokenKind, what: string): Token {
    if (this.next.kind !== kind) throw this.unexpected(what);
    return this.take();
  }

  isWord(word: string): boolean {
    return this.next.kind === 'name' && this.next.text.toLowerCase() === word;
  }

  takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.take();
    return found;
  }

  unexpected(expected: string): Error {
    const { kind, text, position } = this.next;
    return invalidFilter(
      position,
      `${expected} was expected, not ${kind === 'end' ? 'the end' : quote(text)}.`,
    );
  }

  deeper<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_FILTER_DEPTH) {
      throw invalidFilter(this.next.position, `it is nested deeper than ${MAX_FILTER_DEPTH}.`);
    }
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  countTerm(): void {
    this.#terms += 1;
    if (this.#terms > MAX_FILTER_TERMS) {
      throw new UnsupportedQueryError(
        `A filter may have at most ${MAX_FILTER_TERMS} comparisons. Ask in several requests.`,
      );
    }
  }
}

function parseOr(reader: TokenReader): FilterSyntax {
  const operands = [parseAnd(reader)];
  while (reader.takeWord('or')) operands.push(parseAnd(reader));
  return join('or', operands);
}

function parseAnd(reader: TokenReader): FilterSyntax {
  const operands = [parseUnary(reader)];
  while (reader.takeWord('and')) operands.push(parseUnary(reader));
  return join('and', operands);
}

/** One operand is itself; operands of the same kind are taken in, since grouping means nothing to them. */
function join(kind: 'and' | 'or', operands: readonly FilterSyntax[]): FilterSyntax {
  const [only] = operands;
  if (operands.length === 1 && only !== undefined) return only;
  return {
    kind,
    operands: operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand])),
  };
}

function parseUnary(reader: TokenReader): FilterSyntax {
  if (reader.isWord('not')) {
    reader.take();
    return reader.deeper(() => ({ kind: 'not', operand: parseUnary(reader) }));
  }
  if (reader.next.kind === 'open') {
    reader.take();
    const inner = reader.deeper(() => parseOr(reader));
    reader.expect('close', '"and", "or" or ")"');
    return inner;
  }
  if (reader.next.kind === 'name' && reader.afterNext.kind === 'open') {
    return reader.next.text.toLowerCase().endsWith(ANY) ? parseAny(reader) : parseCall(reader);
  }
  return parseComparison(reader);
}

const ANY = '/any';

function parseAny(reader: TokenReader): FilterSyntax {
  const name = reader.take();
  const collection = { ...name, text: name.text.slice(0, -ANY.length) };
  reader.countTerm();
  reader.expect('open', '"("');
  if (reader.next.kind === 'close') {
    reader.take();
    return { kind: 'any', collection };
  }
  const variable = reader.expect('name', 'a variable or ")"').text;
  reader.expect('colon', '":"');
  const condition = reader.deeper(() => parseOr(reader));
  reader.expect('close', '"and", "or" or ")"');
  return { kind: 'any', collection, lambda: { variable, condition } };
}

function parseCall(reader: TokenReader): FilterSyntax {
  const name = reader.take();
  const called = TEXT_FUNCTIONS.find((known) => known === name.text.toLowerCase());
  if (called === undefined) {
    throw new UnsupportedQueryError(
      `The function ${quote(name.text)} at position ${name.position} of the filter is not supported. ` +
        `Supported: ${TEXT_FUNCTIONS.join(', ')}, any.`,
    );
  }
  reader.countTerm();
  reader.expect('open', '"("');
  const property = reader.expect('name', 'a property');
  reader.expect('comma', '","');
  const value = parseValue(reader);
  reader.expect('close', '")"');
  const call: FilterSyntax = { kind: 'call', function: called satisfies TextFunction, property, value };
  if (!reader.takeWord('eq')) return call;
  if (reader.takeWord('true')) return call;
  if (reader.takeWord('false')) return { kind: 'not', operand: call };
  throw reader.unexpected('true or false');
}

function parseComparison(reader: TokenReader): FilterSyntax {
  const property = reader.expect('name', 'a property, a function, "not" or "("');
  reader.countTerm();
  if (reader.takeWord('in')) {
    reader.expect('open', '"("');
    const values = [parseValue(reader)];
    while (reader.next.kind === 'comma') {
      reader.take();
      reader.countTerm();
      values.push(parseValue(reader));
    }
    reader.expect('close', '"," or ")"');
    return { kind: 'in', property, values };
  }
  const operator = COMPARISONS.find((known) => reader.isWord(known));
  if (operator === undefined) throw reader.unexpected(`an operator (${COMPARISONS.join(', ')}, in)`);
  reader.take();
  return { kind: 'compare', operator: operator satisfies Comparison, property, value: parseValue(reader) };
}

const NO_VALUES: ReadonlySet<TokenKind> = new Set<TokenKind>(['open', 'close', 'comma', 'colon', 'end']);

/** Qualified enum values (`microsoft.graph.educationUserRole'student'`) come out as their string. */
function parseValue(reader: TokenReader): Token {
  const token = reader.next;
  if (token.kind === 'name') {
    if (token.text.includes('.') && reader.afterNext.kind === 'string') {
      reader.take();
      return reader.take();
    }
    if (!/^(?:true|false|null)$/i.test(token.text))
      throw reader.unexpected('a value (text stands in single quotes)');
    return reader.take();
  }
  if (NO_VALUES.has(token.kind)) {
    throw reader.unexpected('a value');
  }
  return reader.take();
}
