import { DatabaseError, type Pool, type PoolClient } from 'pg';

/** The code that makes graphile-worker try a statement again, within milliseconds. */
const TRY_AGAIN = '40001';
const PAUSE_MS = 500;

/**
 * The pool as graphile-worker should see it. That library marks a job as done or failed without waiting for the answer, and
 * repeats the statement after few errors only: a database that goes away at that moment is a promise nobody handles, which ends the
 * process. Here `connect` waits until the database is back, and a statement that fails with its connection is tried again.
 * Once `stopped`, a connection that cannot be had is waited for in vain: nobody is there to miss it.
 */
export function patientPool(pool: Pool, stopped: AbortSignal): Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'connect') {
        return (callback?: Parameters<Pool['connect']>[0]) =>
          callback === undefined ? connectPatiently(target, stopped) : target.connect(callback);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function connectPatiently(pool: Pool, stopped: AbortSignal): Promise<PoolClient> {
  for (;;) {
    try {
      return repeatable(await pool.connect());
    } catch (error) {
      if (stopped.aborted) return new Promise<PoolClient>(() => undefined);
      if (error instanceof DatabaseError && !isUnavailable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  }
}

function repeatable(client: PoolClient): PoolClient {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'query') return value.bind(target) as unknown;
      return async (...parts: unknown[]) => {
        try {
          return (await value.apply(target, parts)) as unknown;
        } catch (error) {
          if (error instanceof DatabaseError && !isUnavailable(error)) throw error;
          throw Object.assign(new Error('the connection to PostgreSQL broke', { cause: error }), {
            code: TRY_AGAIN,
          });
        }
      };
    },
  });
}

/** Connection exceptions (08), and a server that shuts down, starts or ends sessions (57P). */
function isUnavailable({ code = '' }: DatabaseError): boolean {
  return code.startsWith('08') || code.startsWith('57P') || code === '53300';
}
