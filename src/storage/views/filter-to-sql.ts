import type { Filter, FilterValue } from '#core/query/filter.ts';
import { must } from '#lib/assert.ts';

import type { View } from './view.ts';

/** Collects the values of a statement; `bind` answers their placeholder. */
export class Binder {
  readonly values: unknown[] = [];

  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

const OPERATORS = { gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/**
 * A checked filter as an SQL condition. Values are always bound, names come from the view. Text is compared without regard
 * to case, as Graph's directory does. OData's `not` turns "no value" into true, SQL's leaves it null: so what stands under
 * `not` becomes `is not true`, and what does not stays as plain as an index wants it.
 */
export function filterToSql(filter: Filter, view: View, binder: Binder, negated = false): string {
  switch (filter.kind) {
    case 'not':
      return filterToSql(filter.operand, view, binder, !negated);
    case 'and':
    case 'or': {
      const word = (filter.kind === 'and') === negated ? ' or ' : ' and ';
      return `(${filter.operands.map((operand) => filterToSql(operand, view, binder, negated)).join(word)})`;
    }
    default: {
      const condition = leafToSql(filter, view, binder);
      return negated ? `(${condition}) is not true` : condition;
    }
  }
}

function leafToSql(
  filter: Extract<Filter, { kind: 'compare' | 'in' | 'call' }>,
  view: View,
  binder: Binder,
): string {
  const { type, sql } = view.properties[filter.path] ?? {};
  const column = type === 'string' ? `lower(${must(sql)})` : `(${must(sql)})`;
  switch (filter.kind) {
    case 'call': {
      const value = `lower(${binder.bind(filter.text, 'text')})`;
      // No LIKE: nothing in the value means more than itself.
      if (filter.function === 'startswith') return `starts_with(${column}, ${value})`;
      if (filter.function === 'contains') return `strpos(${column}, ${value}) > 0`;
      return `right(${column}, length(${value})) = ${value}`;
    }
    case 'in': {
      const values = filter.values.filter(({ type }) => type !== 'null');
      const list = values.map((value) => valueToSql(value, binder)).join(', ');
      const conditions = [
        ...(values.length > 0 ? [`${column} in (${list})`] : []),
        ...(values.length < filter.values.length ? [`${column} is null`] : []),
      ];
      return `(${conditions.join(' or ')})`;
    }
    case 'compare': {
      const { operator, value } = filter;
      if (operator === 'eq' || operator === 'ne') {
        const not = operator === 'ne' ? 'not ' : '';
        if (value.type === 'null') return `${column} is ${not}null`;
        return operator === 'eq'
          ? `${column} = ${valueToSql(value, binder)}`
          : `${column} is distinct from ${valueToSql(value, binder)}`;
      }
      return `${column} ${OPERATORS[operator]} ${valueToSql(value, binder)}`;
    }
  }
}

const SQL_TYPES = {
  boolean: 'boolean',
  int: 'int8',
  date: 'date',
  dateTimeOffset: 'timestamptz',
  guid: 'uuid',
  enum: 'text',
} as const;

function valueToSql(value: Exclude<FilterValue, { type: 'null' }> | FilterValue, binder: Binder): string {
  if (value.type === 'null') return 'null';
  if (value.type === 'string') return `lower(${binder.bind(value.value, 'text')})`;
  return binder.bind(value.value, SQL_TYPES[value.type]);
}
