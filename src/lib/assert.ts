/** A bug: it ends the job that met it, never the service. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** Throws a BugError unless the condition holds. For what only a mistake in this code can break. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}

/** The value, or a BugError when it is null or undefined. */
export function must<T>(value: T | null | undefined, message = 'a value that must be there is missing'): T {
  if (value === null || value === undefined) throw new BugError(message);
  return value;
}

/** For the branch that the types rule out. */
export function unreachable(value: never): never {
  throw new BugError(`unreachable: ${String(value)}`);
}
