import { OperationalError } from '#lib/errors.ts';

/** What the process ends with. The same code means the same in every command; help and docs print this table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done. For sync, status and validate: nothing waits and nothing is wrong.' },
  failure: {
    code: 1,
    meaning: 'It failed: the request was refused, a file cannot be read, or Rollbook met a bug.',
  },
  usage: { code: 2, meaning: 'The command line is wrong. Nothing was done.' },
  changes: {
    code: 2,
    meaning:
      'For plan --exit-code: the plan would change something. (There a wrong command line ends with 1.)',
  },
  held: {
    code: 3,
    meaning: 'The sync waits for a decision and has changed nothing (status validationError).',
  },
  errors: {
    code: 4,
    meaning:
      'Synced, but some records are not in the directory, or the run will be tried again (status error).',
  },
  quarantined: { code: 5, meaning: 'The profile keeps failing and is tried rarely (status quarantined).' },
  paused: { code: 6, meaning: 'The profile is paused, has expired, or was never started (status paused).' },
  unreachable: { code: 7, meaning: 'No Rollbook answers, or it does not accept the credentials.' },
  warnings: {
    code: 8,
    meaning: 'For validate and doctor with --fail-on warning: there are warnings, and nothing worse.',
  },
  unhealthy: {
    code: 9,
    meaning: 'For doctor: something has to be changed before Rollbook works as it should.',
  },
  interrupted: { code: 130, meaning: 'Ended by Ctrl-C. A sync that was started goes on in the service.' },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitName = keyof typeof EXIT_CODES;

/** The command line is wrong; the message says how it is right. */
export class UsageError extends OperationalError {
  override readonly name = 'UsageError';
  constructor(message: string) {
    super('Usage', message);
  }
}

/** Nothing answers at the address, or the credentials are not accepted. */
export class UnreachableError extends OperationalError {
  override readonly name = 'UnreachableError';
  constructor(message: string, cause?: unknown) {
    super('Unreachable', message, { cause });
  }
}

/** The profile is paused or has expired, so it cannot be started. */
export class PausedError extends OperationalError {
  override readonly name = 'PausedError';
  constructor(message: string, cause?: unknown) {
    super('Paused', message, { cause });
  }
}

/** Ctrl-C while the command waited. */
export class InterruptedError extends OperationalError {
  override readonly name = 'InterruptedError';
  constructor(message = 'Interrupted.') {
    super('Interrupted', message);
  }
}

/** For work that nobody can cancel but from within: called between two of its steps, it ends it after Ctrl-C. */
export function endWhenInterrupted({ io }: { readonly io: { readonly interrupt: AbortSignal } }): void {
  if (io.interrupt.aborted) throw new InterruptedError();
}

/** The exit code for whatever a command threw. */
export function exitNameOf(thrown: unknown): ExitName {
  if (thrown instanceof UsageError) return 'usage';
  if (thrown instanceof UnreachableError) return 'unreachable';
  if (thrown instanceof PausedError) return 'paused';
  if (thrown instanceof InterruptedError) return 'interrupted';
  return 'failure';
}

/** The exit code for the status of a profile (docs/spec/status.md). */
export function exitNameOfStatus(status: string): ExitName {
  switch (status) {
    case 'validationError':
      return 'held';
    case 'error':
      return 'errors';
    case 'quarantined':
      return 'quarantined';
    case 'paused':
      return 'paused';
    default:
      return 'ok';
  }
}

const WORST_FIRST: readonly ExitName[] = ['quarantined', 'held', 'errors', 'paused', 'ok'];

/** The exit code for several profiles: that of the one that needs an administrator most. */
export function worstExit(names: readonly ExitName[]): ExitName {
  return WORST_FIRST.find((name) => names.includes(name)) ?? 'ok';
}
