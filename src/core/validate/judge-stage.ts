import type { FindingCount } from '../findings.ts';
import type { HeldCode } from '../run/held-because.ts';
import { allowedOf, type Limit } from '../plan/limits.ts';

/** What judging needs to know of a stage. */
export interface StageFacts {
  readonly fatal: boolean;
  readonly filesToConfirm: readonly string[];
  readonly findingCounts: readonly FindingCount[];
  readonly files: readonly { readonly file: string; readonly rows: number; readonly badRows: number }[];
}

export interface StageStop {
  readonly code: HeldCode;
  readonly message: string;
}

/** Faults that a confirmation by name can clear: the file is missing or empty on purpose. */
const CONFIRMABLE = new Set<string>(['FILE_MISSING_REQUIRED', 'FILE_EMPTY_HAD_ROWS']);

/**
 * May planning go on after stage and validation (docs/spec/status.md)? A fault of a whole file stops the run; so do record
 * errors of one file above the tolerance, unless an administrator waived it for this upload.
 * @returns why not, or null.
 */
export function judgeStage(
  stage: StageFacts,
  tolerance: Limit | 'strict',
  toleranceWaived: boolean,
): StageStop | null {
  if (stage.fatal) {
    const faults = stage.findingCounts.filter(({ severity }) => severity === 'fatal');
    const files = [...new Set(faults.map(({ file }) => file))].toSorted();
    const confirmable = faults.every(
      ({ code, file }) => CONFIRMABLE.has(code) && stage.filesToConfirm.includes(file),
    );
    if (confirmable) {
      return {
        code: 'FilesNeedConfirmation',
        message: `${list(files)} had records and ${files.length === 1 ? 'is' : 'are'} missing or empty now; upload the files again, or confirm each by name`,
      };
    }
    return {
      code: 'FilesUnusable',
      message: `${list(files)} cannot be used as ${files.length === 1 ? 'it is' : 'they are'}; correct the upload and start again`,
    };
  }
  if (toleranceWaived) return null;
  const above = stage.files.filter(({ rows, badRows }) => badRows > allowedOf(tolerance, rows));
  if (above.length === 0) return null;
  const parts = above.map(({ file, rows, badRows }) => `${badRows} of ${rows} rows of ${file}`);
  return {
    code: 'ValidationFailed',
    message: `errors in ${list(parts)} are above the tolerance; correct and upload again, or resume to go on without these rows`,
  };
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
