import type { Comparison, TextFunction } from './filter-syntax.ts';

/** A value of the type its property has. Dates are `YYYY-MM-DD`, times and ids as written; enums their member. */
export type FilterValue =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string' | 'date' | 'dateTimeOffset' | 'guid' | 'enum'; readonly value: string };

/**
 * A filter that was checked against a catalogue: every path is a property of it, every value is of that property's type.
 * `and` and `or` have two operands or more, none of their own kind.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly path: string;
      readonly value: FilterValue;
    }
  | { readonly kind: 'in'; readonly path: string; readonly values: readonly FilterValue[] }
  | {
      readonly kind: 'call';
      /** `search` comes from `$search` alone: the text begins at a word of the property. */
      readonly function: TextFunction | 'search';
      readonly path: string;
      readonly text: string;
    }
  | {
      /** An element of the collection, or a related object, meets the condition; undefined: there is one. Its paths are the element's. */
      readonly kind: 'any';
      readonly path: string;
      readonly condition: Filter | undefined;
    };

/** The paths a filter names; of `any` the collection's. */
export function pathsOf(filter: Filter): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.operands.flatMap(pathsOf);
    case 'not':
      return pathsOf(filter.operand);
    default:
      return [filter.path];
  }
}
