import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { openUpload } from '#storage/uploads/open-upload.ts';
import type { Tx } from '#storage/database.ts';

/** The open upload of a profile, made with a new key when there is none. Errors: ConflictError while a start seals it. */
export async function openUploadWithKey(
  tx: Tx,
  secrets: { readonly system: System; readonly secretBox: SecretBox },
  profileId: string,
): Promise<{ readonly uploadId: string }> {
  const { system, secretBox } = secrets;
  const { id } = await openUpload(tx, profileId, () => ({
    id: system.newId(),
    wrappedKey: secretBox.seal(system.randomBytes(32)),
  }));
  return { uploadId: id };
}
