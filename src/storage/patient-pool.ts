import { DatabaseError, type Pool, type PoolClient } from 'pg';

/** The code that makes graphile-worker try a statement again, within milliseconds. */
const TRY_AGAIN = '40001';
const PAUSE_MS = 500;

/**
 * The pool as graphile-worker should see it. That library marks a job as done or failed without waiting for the answer, and
 * repeats the statement after few errors only: a database that goes away at that moment is a promise nobody handles, which ends the
 * process. Here `connect` waits until the database is back, and a statement that fails with its connection is tried again. Where the database is there and
 * refuses to note the end of a job (a full disk, a standby that takes no writes) that is told to `onRefused` and passed over: the job stays locked, and is
 * removed with what killed workers leave.
 * Once `stopped`, a connection that cannot be had is waited for in vain: nobody is there to miss it.
 */
export function patientPool(pool: Pool, stopped: AbortSignal, onRefused: (message: string) => void): Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'connect') {
        return (callback?: Parameters<Pool['connect']>[0]) =>
          callback === undefined ? connectPatiently(target, stopped, onRefused) : target.connect(callback);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function connectPatiently(
  pool: Pool,
  stopped: AbortSignal,
  onRefused: (message: string) => void,
): Promise<PoolClient> {
  for (;;) {
    try {
      return repeatable(await pool.connect(), onRefused);
    } catch (error) {
      if (stopped.aborted) return new Promise<PoolClient>(() => undefined);
      if (error instanceof DatabaseError && !isUnavailable(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  }
}

function repeatable(client: PoolClient, onRefused: (message: string) => void): PoolClient {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'query') return value.bind(target) as unknown;
      return async (...parts: unknown[]) => {
        try {
          return (await value.apply(target, parts)) as unknown;
        } catch (error) {
          if (error instanceof DatabaseError && !isUnavailable(error)) {
            if (!notesEnd(parts[0])) throw error;
            onRefused(`the end of a job could not be noted (${error.code ?? 'no SQLSTATE'})`);
            return { rows: [], rowCount: 0 };
          }
          throw Object.assign(new Error('the connection to PostgreSQL broke', { cause: error }), {
            code: TRY_AGAIN,
          });
        }
      };
    },
  });
}

/** The statements whose answer nobody waits for; the library gives them these names. */
function notesEnd(statement: unknown): boolean {
  const name =
    typeof statement === 'object' && statement !== null && 'name' in statement ? statement.name : '';
  return typeof name === 'string' && /^(?:complete|fail)_job/u.test(name);
}

/** Connection exceptions (08), and a server that shuts down, starts or ends sessions (57P). */
function isUnavailable({ code = '' }: DatabaseError): boolean {
  return code.startsWith('08') || code.startsWith('57P') || code === '53300';
}
