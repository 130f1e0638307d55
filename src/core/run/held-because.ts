/**
 * Why a run is held: run.error_code while its state is `held`. It decides what `resume` does with it.
 */
export const HELD_CODES = [
  'ValidationFailed',
  'FilesNeedConfirmation',
  'FilesUnusable',
  'VerdictHeld',
  'ApprovalNeeded',
  'PartHeld',
  'PreviewReady',
] as const;

/**
 * ValidationFailed: record errors above tolerance; resume waives the tolerance for this upload.
 * FilesNeedConfirmation: files are missing or header-only that had rows; each is confirmed by name.
 * FilesUnusable: another fault of a whole file; nothing can be resumed, corrected files replace the upload.
 * VerdictHeld: the plan would change too much; resume accepts that plan.
 * ApprovalNeeded: a clean plan of a profile that always asks; resume accepts it.
 * PartHeld: the plan is applied but for some schools, or endings that are not proven; resume accepts these.
 * PreviewReady: a preview with its plan; only an approval of that very plan lets it go on.
 */
export type HeldCode = (typeof HELD_CODES)[number];

/** The held code in run.error_code. One that this version does not know needs corrected files: the safe reading. */
export function readHeldCode(errorCode: string | null): HeldCode {
  return HELD_CODES.find((code) => code === errorCode) ?? 'FilesUnusable';
}

/** A plan waits, as a whole or in part, and can be approved or rejected. */
export function holdsPlan(code: HeldCode): boolean {
  return (
    code === 'VerdictHeld' || code === 'ApprovalNeeded' || code === 'PartHeld' || code === 'PreviewReady'
  );
}

/** The run stopped in stage or validation, before there was a plan: `start` answers 400. */
export function stoppedByFiles(code: HeldCode): boolean {
  return code === 'ValidationFailed' || code === 'FilesNeedConfirmation' || code === 'FilesUnusable';
}
