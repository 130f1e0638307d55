import { must } from '#lib/assert.ts';
import { openLook } from './read-server-facts.ts';

/**
 * Whether something between here and PostgreSQL (a pooler in transaction mode) gives every transaction another server session. Rollbook
 * needs a session for as long as a connection lives: prepared statements, advisory locks and LISTEN belong to it.
 *
 * One connection asks for its session and is idle then; a second one holds a transaction, for which such a pooler takes the
 * idle session; so the first one gets another session when it asks again, or none.
 */
export async function isPooledByTransaction(url: string): Promise<boolean> {
  const one = await openLook(url);
  try {
    const other = await openLook(url);
    try {
      const before = await sessionOf(one);
      await other.query('begin');
      await other.query('select 1');
      const during = await sessionOf(one).catch(() => null);
      await other.query('rollback');
      return during !== before;
    } finally {
      await other.end().catch(() => undefined);
    }
  } finally {
    await one.end().catch(() => undefined);
  }
}

async function sessionOf(client: Awaited<ReturnType<typeof openLook>>): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return must(rows[0]).pid;
}
