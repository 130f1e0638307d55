/** What a run can break off for, as few words as alerts need. The code of the fault is in the run itself. */
export const FAILURE_CLASSES = [
  'database',
  'disk',
  'network',
  'upload',
  'stopped',
  'died',
  'bug',
  'other',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Keys: codes of core/run/transient and of OperationalErrors that a run can meet. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  DatabaseUnavailable: 'database',
  DatabaseBusy: 'database',
  DatabaseFull: 'database',
  DiskFull: 'disk',
  TooManyFiles: 'disk',
  NetworkUnavailable: 'network',
  StorageUnavailable: 'network',
  StorageRefused: 'upload',
  StorageBucketMissing: 'upload',
  UploadGone: 'upload',
  UploadBytesDamaged: 'upload',
  UploadBytesMissing: 'upload',
  LeaseLost: 'stopped',
  StageAborted: 'stopped',
  SchemaNewer: 'stopped',
  WorkerDied: 'died',
  StageFailed: 'bug',
  InternalError: 'bug',
};

export function failureClassOf(code: string): FailureClass {
  return Object.hasOwn(CLASSES, code) ? (CLASSES[code] ?? 'other') : 'other';
}
