import type { FileStore } from './file-store.ts';

/**
 * Removes objects that a committed transaction has let go. A failure is only reported: nothing names them any more, and
 * removeOrphans takes what is left.
 */
export async function removeObjects(
  files: FileStore,
  objectNames: readonly string[],
  onFailure: (error: unknown) => void = () => undefined,
): Promise<void> {
  for (const objectName of objectNames) await files.remove(objectName).catch(onFailure);
}
