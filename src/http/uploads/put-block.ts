import { isBlockId } from '#core/upload/block-list.ts';
import { inTenant } from '#storage/database.ts';
import { addBlock } from '#storage/uploads/add-block.ts';
import { findOpenUpload } from '#storage/uploads/find-open-upload.ts';
import { UploadRefusedError } from '#storage/uploads/upload-refused.ts';
import { AzureError } from './azure-error.ts';
import { storeObject } from './store-object.ts';
import {
  bodyOf,
  bodySizeOf,
  checkMd5,
  checkMd5Form,
  type UploadAnswer,
  type UploadRequest,
} from './upload-request.ts';

const MD5_HEADERS = ['content-md5'];

/** Put Block: a part of a file. It waits for its Put Block List; a start in between drops it. */
export async function putBlock(upload: UploadRequest): Promise<UploadAnswer> {
  const { context, limits, grant, fileName, request, query } = upload;
  // A plus sign that was not escaped arrives as a blank.
  const blockId = typeof query.blockid === 'string' ? query.blockid.replaceAll(' ', '+') : '';
  if (!isBlockId(blockId)) {
    throw new AzureError(
      400,
      'InvalidQueryParameterValue',
      'blockid is not the base64 form of 1 to 64 bytes.',
    );
  }
  checkMd5Form(request, MD5_HEADERS);
  const sizeBytes = bodySizeOf(request, limits.maxBlockBytes);
  if (sizeBytes === 0) {
    throw new AzureError(400, 'InvalidHeaderValue', 'A block has at least one byte; Content-Length is 0.');
  }

  const where = { profileId: grant.profileId, uploadId: grant.uploadId, fileName };
  const found = await inTenant(context.db, grant.tenantId, (tx) => findOpenUpload(tx, where), {
    readOnly: true,
  });
  if (found.otherBytes + sizeBytes > limits.maxUploadBytes) throw new UploadRefusedError('uploadTooLarge');

  const key = context.secretBox.open(found.wrappedKey);
  const written = await storeObject(upload, key, bodyOf(upload), sizeBytes, {
    check: ({ md5 }) => checkMd5(request, MD5_HEADERS, md5),
    save: (tx, objectName) =>
      addBlock(tx, grant.uploadId, { fileName, blockId, objectName, sizeBytes }, limits),
  });
  return { contentMd5: written.md5 };
}
