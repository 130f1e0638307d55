import {
  filterableNavigations,
  findElements,
  findProperty,
  ITSELF,
  type Catalogue,
  type Property,
  type ValueType,
} from './catalogue.ts';
import type { Token } from './filter-lexer.ts';
import type { FilterSyntax } from './filter-syntax.ts';
import type { Filter, FilterValue } from './filter.ts';
import { invalidFilter, quote, UnsupportedQueryError } from './query-errors.ts';

/** What a value of each type looks like, for messages. */
const LOOKS: Readonly<Record<ValueType, string>> = {
  string: "text in single quotes ('...')",
  boolean: 'true or false',
  int: 'a whole number',
  date: 'a date (YYYY-MM-DD)',
  dateTimeOffset: 'a time (YYYY-MM-DDThh:mm:ssZ)',
  guid: 'an id (a GUID)',
  enum: 'a member of the enumeration in single quotes',
};
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const ORDERED: ReadonlySet<Property['type']> = new Set<ValueType>([
  'string',
  'int',
  'date',
  'dateTimeOffset',
]);

/**
 * Gives a parsed filter its types. Recursion is as deep as the parser allows.
 * Throws InvalidRequestError for an unknown property or a value of another type, UnsupportedQueryError for a property or an
 * operator that cannot be used.
 */
export function checkFilter(syntax: FilterSyntax, catalogue: Catalogue): Filter {
  return check(syntax, { catalogue, variable: undefined });
}

/** What names stand for: in a lambda, for properties of its variable. */
interface Scope {
  readonly catalogue: Catalogue;
  readonly variable: string | undefined;
}

function check(syntax: FilterSyntax, scope: Scope): Filter {
  switch (syntax.kind) {
    case 'and':
    case 'or':
      return { kind: syntax.kind, operands: syntax.operands.map((operand) => check(operand, scope)) };
    case 'not':
      return { kind: 'not', operand: check(syntax.operand, scope) };
    case 'any':
      return checkAny(syntax, scope);
    case 'compare': {
      const { path, property } = comparableProperty(syntax.property, scope);
      const { operator } = syntax;
      const value = typedValue(syntax.value, property, path);
      if (operator !== 'eq' && operator !== 'ne' && (value.type === 'null' || !ORDERED.has(property.type))) {
        throw new UnsupportedQueryError(
          `The operator "${operator}" cannot be used with the property ${quote(path)}${value.type === 'null' ? ' and null' : ''}. Use eq or ne.`,
        );
      }
      return { kind: 'compare', operator, path, value };
    }
    case 'in': {
      const { path, property } = comparableProperty(syntax.property, scope);
      return { kind: 'in', path, values: syntax.values.map((value) => typedValue(value, property, path)) };
    }
    case 'call': {
      const { path, property } = comparableProperty(syntax.property, scope);
      if (property.type !== 'string') {
        throw new UnsupportedQueryError(
          `The function "${syntax.function}" takes text; the property ${quote(path)} is none. Use eq.`,
        );
      }
      if (syntax.value.kind !== 'string') throw wrongValue(syntax.value, 'string', path);
      return { kind: 'call', function: syntax.function, path, text: syntax.value.text };
    }
  }
}

function checkAny({ collection, lambda }: Extract<FilterSyntax, { kind: 'any' }>, scope: Scope): Filter {
  if (scope.variable !== undefined) {
    throw new UnsupportedQueryError(
      `any at position ${collection.position} of the filter: an any inside an any is not supported.`,
    );
  }
  const found = findElements(scope.catalogue, collection.text);
  if (found === undefined) {
    const choice = [
      ...Object.keys(scope.catalogue.elements ?? {}),
      ...Object.keys(filterableNavigations(scope.catalogue)),
    ];
    throw new UnsupportedQueryError(
      `any at position ${collection.position} of the filter does not take ${quote(collection.text)}. ` +
        (choice.length === 0 ? 'There is no collection here.' : `It takes ${choice.join(', ')}.`),
    );
  }
  const { path, elements } = found;
  const condition =
    lambda === undefined
      ? undefined
      : check(lambda.condition, { catalogue: elements, variable: lambda.variable });
  return { kind: 'any', path, condition };
}

/** The token's name without the variable of the lambda it stands in. */
function nameIn(token: Token, variable: string | undefined): string {
  if (variable === undefined) return token.text;
  if (token.text === variable) return ITSELF;
  if (token.text.startsWith(`${variable}/`)) return token.text.slice(variable.length + 1);
  throw invalidFilter(
    token.position,
    `${quote(`${variable}/...`)}, a property of the variable, was expected, not ${quote(token.text)}.`,
  );
}

function comparableProperty(
  token: Token,
  { catalogue, variable }: Scope,
): { path: string; property: Property } {
  const found = findProperty(catalogue, nameIn(token, variable));
  if (found === undefined) {
    throw invalidFilter(
      token.position,
      `there is no property named ${quote(token.text)} on type ${quote(catalogue.typeName)}.`,
    );
  }
  const { path, property } = found;
  if (property.filterable === false || property.type === 'complex' || property.type === 'collection') {
    throw new UnsupportedQueryError(`The property ${quote(path)} cannot be used in $filter.`);
  }
  return found;
}

function typedValue(token: Token, property: Property, path: string): FilterValue {
  if (token.kind === 'name' && token.text.toLowerCase() === 'null') return { type: 'null' };
  const type = property.type as ValueType;
  switch (type) {
    case 'string':
      if (token.kind === 'string') return { type, value: token.text };
      break;
    case 'boolean':
      if (token.kind === 'name') return { type, value: token.text.toLowerCase() === 'true' };
      break;
    case 'int': {
      const value = Number(token.text);
      if (token.kind === 'number' && Number.isSafeInteger(value)) return { type, value };
      break;
    }
    case 'date':
      if (token.kind === 'date' && isDay(token.text)) return { type, value: token.text };
      break;
    case 'dateTimeOffset':
      if (token.kind === 'dateTimeOffset' && isTime(token.text)) return { type, value: token.text };
      break;
    case 'guid':
      if ((token.kind === 'guid' || token.kind === 'string') && GUID.test(token.text)) {
        return { type, value: token.text.toLowerCase() };
      }
      break;
    case 'enum':
      return { type, value: enumMember(token, property, path) };
  }
  throw wrongValue(token, type, path);
}

function enumMember(token: Token, property: Property, path: string): string {
  const members = property.members ?? [];
  const member = members.find((known) => known.toLowerCase() === token.text.toLowerCase());
  if (token.kind === 'string' && member !== undefined) return member;
  const choice = members.map((known) => `'${known}'`).join(', ');
  throw invalidFilter(
    token.position,
    `one of ${choice} was expected for the property ${quote(path)}, not ${quote(token.text)}.`,
  );
}

function wrongValue(token: Token, type: ValueType, path: string): Error {
  return invalidFilter(
    token.position,
    `${LOOKS[type]} was expected for the property ${quote(path)}, not ${quote(token.text)}.`,
  );
}

/** Whether the calendar has that day, in a year that PostgreSQL's date can hold. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && !text.startsWith('0000');
}

/** PostgreSQL takes no zone that is sixteen hours or more away. */
function isTime(text: string): boolean {
  return (
    isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text)) && !/[+-](?:1[6-9]|2\d):\d{2}$/.test(text)
  );
}
