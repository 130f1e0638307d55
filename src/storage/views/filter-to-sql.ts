import type { Filter, FilterValue } from '#core/query/filter.ts';
import { must } from '#lib/assert.ts';

import type { View, ViewElements } from './view.ts';

/** Collects the values of a statement; `bind` answers their placeholder. */
export class Binder {
  readonly values: unknown[] = [];

  bind(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** What a filter is about: a view, or the elements of one of its collections. */
type Filtered = View | ViewElements;

const OPERATORS = { gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/**
 * A checked filter as an SQL condition. Values are always bound, names come from the view. Text is compared without regard
 * to case, as Graph's directory does. OData's `not` turns "no value" into true, SQL's leaves it null: so what stands under
 * `not` becomes `is not true`, and what does not stays as plain as an index wants it.
 */
export function filterToSql(filter: Filter, view: Filtered, binder: Binder, negated = false): string {
  switch (filter.kind) {
    case 'not':
      return filterToSql(filter.operand, view, binder, !negated);
    case 'and':
    case 'or': {
      const word = (filter.kind === 'and') === negated ? ' or ' : ' and ';
      return `(${filter.operands.map((operand) => filterToSql(operand, view, binder, negated)).join(word)})`;
    }
    case 'any': {
      const condition = anyToSql(filter, view, binder);
      return negated ? `not ${condition}` : condition;
    }
    default: {
      const condition = leafToSql(filter, view, binder);
      return negated ? `(${condition}) is not true` : condition;
    }
  }
}

/** Related objects stand in a subquery of their own, in which only `parent` names the object outside: tables of both may have one alias. */
function anyToSql(filter: Extract<Filter, { kind: 'any' }>, filtered: Filtered, binder: Binder): string {
  const view = filtered as View;
  const elements = view.elements?.[filter.path];
  const inner = (of: Filtered): string =>
    filter.condition === undefined ? '' : ` and ${filterToSql(filter.condition, of, binder)}`;
  if (elements !== undefined) {
    return `exists (select from ${elements.from} where ${elements.condition}${inner(elements)})`;
  }
  const navigation = must(view.navigations?.[filter.path]);
  const target = navigation.target();
  return `exists (select from (select ${view.id}) parent(id), ${target.from}
    where ${target.condition} and ${navigation.relation.condition('parent.id')}${inner(target)})`;
}

/** Words of a text, each behind one blank. */
function words(text: string): string {
  return `' ' || btrim(regexp_replace(lower(${text}), '[^[:alnum:]]+', ' ', 'g'))`;
}

function leafToSql(
  filter: Extract<Filter, { kind: 'compare' | 'in' | 'call' }>,
  view: Filtered,
  binder: Binder,
): string {
  const { type, sql } = view.properties[filter.path] ?? {};
  const column = type === 'string' ? `lower(${must(sql)})` : `(${must(sql)})`;
  switch (filter.kind) {
    case 'call': {
      if (filter.function === 'search')
        return `strpos(${words(must(sql))}, ${words(binder.bind(filter.text, 'text'))}) > 0`;
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
