import { DatabaseError } from 'pg';

/** What PostgreSQL refused, as far as callers act on it. */
export interface DatabaseRefusal {
  /** 'data': this row breaks a constraint or does not fit a type; 'conflict': try the transaction again; else 'other'. */
  readonly blame: 'data' | 'conflict' | 'other';
  readonly sqlState: string;
  readonly constraint: string | undefined;
}

/** Tells a refusal by PostgreSQL from any other error (null). Classes: PostgreSQL manual, appendix A. */
export function databaseErrorOf(error: unknown): DatabaseRefusal | null {
  if (!(error instanceof DatabaseError) || error.code === undefined) return null;
  const sqlState = error.code;
  const blame =
    sqlState.startsWith('22') || sqlState.startsWith('23')
      ? 'data'
      : sqlState === '40001' || sqlState === '40P01'
        ? 'conflict'
        : 'other';
  return { blame, sqlState, constraint: error.constraint };
}
