import { UnsupportedQueryError } from '#core/query/query-errors.ts';
import { databaseErrorOf } from '#storage/database-errors.ts';
import { inTenant, type TenantTransactionOptions, type Tx } from '#storage/database.ts';

import type { HttpContext } from '../context.ts';

/** Less than a connection on which nothing moves is left open: nobody would get the answer any more. */
const STATEMENT_MS = 100_000;
const ENDED_BY_LIMIT = '57014';

/**
 * Reads what a client asks for in a query of its own. A statement that would outlive the connection of its client is ended: it would keep a connection to
 * the database from everybody else, other tenants too, for nothing. Errors: UnsupportedQueryError then.
 */
export async function readForAnswer<T>(
  { db, settings }: Pick<HttpContext, 'db' | 'settings'>,
  tenantId: string,
  work: (tx: Tx) => Promise<T>,
  options: Pick<TenantTransactionOptions, 'isolation'> = {},
): Promise<T> {
  const statementMs = settings.statementMs ?? STATEMENT_MS;
  try {
    return await inTenant(db, tenantId, work, { ...options, readOnly: true, statementMs });
  } catch (error) {
    if (databaseErrorOf(error)?.sqlState !== ENDED_BY_LIMIT) throw error;
    throw new UnsupportedQueryError(
      'The query takes too long. Ask for less: filter by eq or startswith, leave out $search, $orderby and $count, or follow what changes with delta.',
    );
  }
}
