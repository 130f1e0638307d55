import type { Token } from './filter-lexer.ts';

export const COMPARISONS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const TEXT_FUNCTIONS = ['startswith', 'endswith', 'contains'] as const;
export type TextFunction = (typeof TEXT_FUNCTIONS)[number];

/** A filter as written: names and values are still tokens. `and` and `or` have two operands or more and hold none of their own kind. */
export type FilterSyntax =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly FilterSyntax[] }
  | { readonly kind: 'not'; readonly operand: FilterSyntax }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly property: Token;
      readonly value: Token;
    }
  | { readonly kind: 'in'; readonly property: Token; readonly values: readonly Token[] }
  | {
      readonly kind: 'call';
      readonly function: TextFunction;
      readonly property: Token;
      readonly value: Token;
    }
  | {
      /** `path/any(variable:condition)`; without a condition: there is one at all. */
      readonly kind: 'any';
      readonly collection: Token;
      readonly lambda?: { readonly variable: string; readonly condition: FilterSyntax };
    };
