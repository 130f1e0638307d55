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

/** A newer Rollbook has migrated the database, and this process may not write what it was about to (Database.schemaFence). */
export function isSchemaNewer(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === 'RB001';
}

/** A broken connection has no code in pg, only words. */
const CONNECTION_BROKE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|the connection to PostgreSQL)/u;

/**
 * What core/run/transient looks for: the codes of an error and of what caused it, the outermost first. `DatabaseUnavailable` stands for
 * a connection to PostgreSQL that broke or could not be made.
 */
export function faultCodesOf(error: unknown): string[] {
  const codes: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth++) {
    if (CONNECTION_BROKE.test(current.message)) codes.push('DatabaseUnavailable');
    // A PostgreSQL behind a socket file that is gone answers ENOENT.
    if ('syscall' in current && current.syscall === 'connect') codes.push('DatabaseUnavailable');
    if ('code' in current && typeof current.code === 'string') codes.push(current.code);
    current = current.cause;
  }
  return codes;
}
