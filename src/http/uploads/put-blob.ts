import { inTenant } from '#storage/database.ts';
import { commitFile } from '#storage/uploads/commit-file.ts';
import { findOpenUpload } from '#storage/uploads/find-open-upload.ts';
import { UploadRefusedError } from '#storage/uploads/upload-refused.ts';
import { AzureError } from './azure-error.ts';
import { storeObject } from './store-object.ts';
import {
  bodyOf,
  bodySizeOf,
  checkMd5,
  checkMd5Form,
  etagOf,
  headerOf,
  onlyIfAbsent,
  type UploadAnswer,
  type UploadRequest,
} from './upload-request.ts';

const MD5_HEADERS = ['content-md5', 'x-ms-blob-content-md5'];

/** Put Blob: a whole file in one request. It replaces the file of that name and its waiting blocks. */
export async function putBlob(upload: UploadRequest): Promise<UploadAnswer> {
  const { context, limits, grant, fileName, request } = upload;
  const blobType = headerOf(request, 'x-ms-blob-type');
  if (blobType === undefined) {
    throw new AzureError(
      400,
      'MissingRequiredHeader',
      'The x-ms-blob-type header is missing; send BlockBlob.',
    );
  }
  if (blobType !== 'BlockBlob') {
    throw new AzureError(
      400,
      'InvalidHeaderValue',
      'Only block blobs are taken: send x-ms-blob-type: BlockBlob.',
    );
  }
  const absent = onlyIfAbsent(request);
  checkMd5Form(request, MD5_HEADERS);
  const sizeBytes = bodySizeOf(request, limits.maxFileBytes);

  const where = { profileId: grant.profileId, uploadId: grant.uploadId, fileName };
  const found = await inTenant(context.db, grant.tenantId, (tx) => findOpenUpload(tx, where), {
    readOnly: true,
  });
  if (absent && found.fileExists) throw new UploadRefusedError('fileExists');
  if (found.otherBytes + sizeBytes > limits.maxUploadBytes) throw new UploadRefusedError('uploadTooLarge');

  const key = context.secretBox.open(found.wrappedKey);
  const written = await storeObject(upload, key, bodyOf(upload), sizeBytes, {
    check: ({ md5 }) => checkMd5(request, MD5_HEADERS, md5),
    save: (tx, objectName, file) =>
      commitFile(
        tx,
        grant.uploadId,
        { name: fileName, objectName, ...file },
        { limits, onlyIfAbsent: absent },
      ),
  });
  return { etag: etagOf(written.sha256), contentMd5: written.md5 };
}
