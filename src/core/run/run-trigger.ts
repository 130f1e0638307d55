/**
 * Runs that read no files: their plan is made from the directory, waits for an approval of its very run, and goes on although the
 * profile is expired. `expiration`: what follows the expiration of a profile; `expirationUndo`: the same put back.
 */
export const DIRECTORY_TRIGGERS = ['expiration', 'expirationUndo'] as const;

/** Whether a run of this trigger (run.trigger) reads no files. */
export function isMadeFromDirectory(trigger: string | null | undefined): boolean {
  return DIRECTORY_TRIGGERS.some((known) => known === trigger);
}
