import type { Filter, FilterValue } from './filter.ts';

/**
 * The normal form of a filter: lower-case keywords, proper spelling of properties, single blanks, and only the parentheses
 * that the meaning needs. `checkFilter(parseFilter(printFilter(x)))` is x again; two spellings of one filter print the same.
 */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'or':
      return filter.operands.map(printFilter).join(' or ');
    case 'and':
      return filter.operands
        .map((operand) => (operand.kind === 'or' ? `(${printFilter(operand)})` : printFilter(operand)))
        .join(' and ');
    case 'not':
      return filter.operand.kind === 'and' || filter.operand.kind === 'or'
        ? `not (${printFilter(filter.operand)})`
        : `not ${printFilter(filter.operand)}`;
    case 'compare':
      return `${filter.path} ${filter.operator} ${printValue(filter.value)}`;
    case 'in':
      return `${filter.path} in (${filter.values.map(printValue).join(',')})`;
    case 'call':
      return `${filter.function}(${filter.path},${printText(filter.text)})`;
  }
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
