import { ITSELF } from './catalogue.ts';
import type { Filter, FilterValue } from './filter.ts';

const VARIABLE = 'x';

/**
 * The normal form of a filter: lower-case keywords, proper spelling of properties, single blanks, and only the parentheses
 * that the meaning needs. `checkFilter(parseFilter(printFilter(x)))` is x again; two spellings of one filter print the same.
 */
export function printFilter(filter: Filter): string {
  return print(filter, (path) => path);
}

function print(filter: Filter, name: (path: string) => string): string {
  switch (filter.kind) {
    case 'or':
      return filter.operands.map((operand) => print(operand, name)).join(' or ');
    case 'and':
      return filter.operands
        .map((operand) => (operand.kind === 'or' ? `(${print(operand, name)})` : print(operand, name)))
        .join(' and ');
    case 'not':
      return filter.operand.kind === 'and' || filter.operand.kind === 'or'
        ? `not (${print(filter.operand, name)})`
        : `not ${print(filter.operand, name)}`;
    case 'compare':
      return `${name(filter.path)} ${filter.operator} ${printValue(filter.value)}`;
    case 'in':
      return `${name(filter.path)} in (${filter.values.map(printValue).join(',')})`;
    case 'call':
      return `${filter.function}(${name(filter.path)},${printText(filter.text)})`;
    case 'any':
      return filter.condition === undefined
        ? `${name(filter.path)}/any()`
        : `${name(filter.path)}/any(${VARIABLE}:${print(filter.condition, ofVariable)})`;
  }
}

function ofVariable(path: string): string {
  return path === ITSELF ? VARIABLE : `${VARIABLE}/${path}`;
}

function printValue(value: FilterValue): string {
  switch (value.type) {
    case 'null':
      return 'null';
    case 'boolean':
    case 'int':
      return String(value.value);
    case 'string':
    case 'enum':
      return printText(value.value);
    case 'date':
    case 'dateTimeOffset':
    case 'guid':
      return value.value;
  }
}

function printText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
