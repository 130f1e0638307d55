/**
 * Faults that say nothing against a profile: the machine, the database or the network was not there for a while. A run that
 * meets one is tried again with a distance that grows with its own attempts, and its profile comes no step closer to
 * quarantine. Everything else counts: damaged uploads, bugs, values that the database refuses.
 *
 * A full disk is one of them, although it does not mend by itself: it hits every profile at once, and none of them has done anything. If it
 * counted, a night with a full disk would leave all profiles in quarantine, to be tried once a day after somebody made room.
 * The status says what is missing in the meantime: it is `error`, with the time of the next attempt.
 */
const AWAY = 'The database could not be reached.';
const BUSY = 'The database was too busy.';
const CLASH = 'The database ended a transaction in favour of another one.';
const FULL = 'There is no room left on a disk. Make room.';
const NETWORK = 'The network did not answer.';
const STOPPED = 'The work was stopped before its end.';

/** Stable code of the fault, and its sentence for people. Keys: our own codes, those of Node.js, SQLSTATEs and the beginnings of SQLSTATEs. */
const TRANSIENT_FAULTS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  DatabaseUnavailable: ['DatabaseUnavailable', AWAY],
  '08': ['DatabaseUnavailable', AWAY],
  '57P': ['DatabaseUnavailable', AWAY],
  // A transaction that was idle for too long was ended by PostgreSQL: the process was frozen, or cut off.
  '25P03': ['DatabaseUnavailable', AWAY],
  // A standby, or a server in recovery, takes no writes.
  '25006': ['DatabaseUnavailable', AWAY],
  '53300': ['DatabaseFull', 'The database took no more connections (max_connections).'],
  '53200': ['DatabaseBusy', BUSY],
  '55P03': ['DatabaseBusy', BUSY],
  '40001': ['DatabaseBusy', CLASH],
  '40P01': ['DatabaseBusy', CLASH],
  '53100': ['DiskFull', FULL],
  ENOSPC: ['DiskFull', FULL],
  EDQUOT: ['DiskFull', FULL],
  EMFILE: ['TooManyFiles', 'The machine has too many files open.'],
  ENFILE: ['TooManyFiles', 'The machine has too many files open.'],
  ECONNREFUSED: ['NetworkUnavailable', NETWORK],
  ECONNRESET: ['NetworkUnavailable', NETWORK],
  ECONNABORTED: ['NetworkUnavailable', NETWORK],
  EPIPE: ['NetworkUnavailable', NETWORK],
  ETIMEDOUT: ['NetworkUnavailable', NETWORK],
  EHOSTUNREACH: ['NetworkUnavailable', NETWORK],
  EHOSTDOWN: ['NetworkUnavailable', NETWORK],
  ENETUNREACH: ['NetworkUnavailable', NETWORK],
  ENETDOWN: ['NetworkUnavailable', NETWORK],
  ENOTFOUND: ['NetworkUnavailable', NETWORK],
  EAI_AGAIN: ['NetworkUnavailable', NETWORK],
  StorageUnavailable: ['StorageUnavailable', 'The storage of uploads did not answer.'],
  StorageRefused: [
    'StorageRefused',
    'The storage of uploads refused the credentials. Check the settings of UPLOAD_STORE.',
  ],
  StorageBucketMissing: [
    'StorageBucketMissing',
    'The bucket or container for uploads does not exist. Make it.',
  ],
  StorageFull: ['DiskFull', FULL],
  RB001: ['SchemaNewer', 'A newer version of Rollbook has taken over.'],
  LeaseLost: ['LeaseLost', 'Another worker took the run over.'],
  StageAborted: ['StageAborted', STOPPED],
  ABORT_ERR: ['StageAborted', STOPPED],
};

export interface TransientFault {
  readonly code: string;
  readonly message: string;
}

/** The transient fault that one of these codes (of an error and its causes, the outermost first) stands for, or null. */
export function transientFault(codes: readonly string[]): TransientFault | null {
  for (const code of codes) {
    const found =
      lookUp(code) ??
      (/^[0-9A-Z]{5}$/u.test(code) ? (lookUp(code.slice(0, 3)) ?? lookUp(code.slice(0, 2))) : undefined);
    if (found !== undefined) return { code: found[0], message: found[1] };
  }
  return null;
}

function lookUp(code: string): readonly [string, string] | undefined {
  return Object.hasOwn(TRANSIENT_FAULTS, code) ? TRANSIENT_FAULTS[code] : undefined;
}
