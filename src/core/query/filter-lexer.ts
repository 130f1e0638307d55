import { invalidFilter, quote } from './query-errors.ts';

export type TokenKind =
  | 'name'
  | 'string'
  | 'number'
  | 'date'
  | 'dateTimeOffset'
  | 'guid'
  | 'open'
  | 'close'
  | 'comma'
  | 'colon'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** What it stands for: of a string without its quotes, else as written. */
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly position: number;
}

/** Longest filter, in characters. */
export const MAX_FILTER_LENGTH = 8_192;

/** Tried in this order at each place; each ends where no character of a word follows. */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['guid', /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])/iy],
  [
    'dateTimeOffset',
    /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})(?![\w-])/iy,
  ],
  ['date', /\d{4}-\d{2}-\d{2}(?![\w-])/y],
  ['number', /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w-])/iy],
  ['name', /[a-z_]\w*(?:[/.][a-z_]\w*)*/iy],
  ['open', /\(/y],
  ['close', /\)/y],
  ['comma', /,/y],
  ['colon', /:/y],
];

/** Cuts a filter into tokens, the last of kind `end`. Throws InvalidRequestError naming the position. */
export function lexFilter(text: string): Token[] {
  if (text.length > MAX_FILTER_LENGTH) {
    throw invalidFilter(MAX_FILTER_LENGTH + 1, `it is longer than ${MAX_FILTER_LENGTH} characters.`);
  }
  const tokens: Token[] = [];
  let index = skipSpace(text, 0);
  while (index < text.length) {
    const token = text[index] === "'" ? lexString(text, index) : lexPattern(text, index);
    tokens.push(token);
    index = skipSpace(text, token.end);
  }
  tokens.push({ kind: 'end', text: '', position: text.length + 1 });
  return tokens;
}

function skipSpace(text: string, from: number): number {
  let index = from;
  while (text[index] === ' ' || text[index] === '\t' || text[index] === '\r' || text[index] === '\n')
    index += 1;
  return index;
}

/** A quote inside a string is doubled. */
function lexString(text: string, start: number): Token & { end: number } {
  let value = '';
  let index = start + 1;
  for (;;) {
    const end = text.indexOf("'", index);
    if (end === -1) throw invalidFilter(start + 1, 'a string begins that no quote closes.');
    value += text.slice(index, end);
    index = end + 1;
    if (text[index] !== "'") break;
    value += "'";
    index += 1;
  }
  // PostgreSQL's text cannot hold it, so nothing is equal to it.
  if (value.includes('\0')) throw invalidFilter(start + 1, 'a string holds the character U+0000.');
  return { kind: 'string', text: value, position: start + 1, end: index };
}

function lexPattern(text: string, start: number): Token & { end: number } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found, position: start + 1, end: start + found.length };
  }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
  throw invalidFilter(
    start + 1,
    `${quote(character)} cannot stand. A property, a function, a value or a parenthesis was expected.`,
  );
}
