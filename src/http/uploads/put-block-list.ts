import { createHash } from 'node:crypto';

import { parseBlockList, type BlockReference } from '#core/upload/block-list.ts';
import type { FileStore } from '#files/file-store.ts';
import { OperationalError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { commitFile } from '#storage/uploads/commit-file.ts';
import { findBlocks, type BlockPlace, type BlocksOfFile } from '#storage/uploads/find-blocks.ts';
import { findOpenUpload } from '#storage/uploads/find-open-upload.ts';
import { UploadRefusedError } from '#storage/uploads/upload-refused.ts';
import { AzureError, bodyTooLarge } from './azure-error.ts';
import { storeObject } from './store-object.ts';
import {
  bodyOf,
  bodySizeOf,
  checkMd5,
  checkMd5Form,
  etagOf,
  onlyIfAbsent,
  type UploadAnswer,
  type UploadRequest,
} from './upload-request.ts';

/** Enough for 50,000 entries with the longest ids. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/**
 * Put Block List: puts a file together from blocks. Their bytes are copied into one object, so that a reader has one stream and
 * one hash, whatever the client sent; the blocks go once the file is there.
 */
export async function putBlockList(upload: UploadRequest): Promise<UploadAnswer> {
  const { context, limits, grant, fileName, request } = upload;
  const absent = onlyIfAbsent(request);
  checkMd5Form(request, ['content-md5', 'x-ms-blob-content-md5']);
  bodySizeOf(request, MAX_LIST_BYTES);
  const xml = await readAll(bodyOf(upload));
  const listMd5 = createHash('md5').update(xml).digest();
  checkMd5(request, ['content-md5'], listMd5);
  const references = parseBlockList(xml.toString('utf8'));
  if (references === undefined) {
    throw new AzureError(
      400,
      'InvalidXmlDocument',
      'The body is not a BlockList of Latest, Committed and Uncommitted.',
    );
  }
  if (references.length > limits.maxBlocks) {
    throw new AzureError(400, 'BlockListTooLong', `The list has more than ${limits.maxBlocks} blocks.`);
  }

  const where = { profileId: grant.profileId, uploadId: grant.uploadId, fileName };
  const { found, blocks } = await inTenant(
    context.db,
    grant.tenantId,
    async (tx) => ({
      found: await findOpenUpload(tx, where),
      blocks: await findBlocks(tx, grant.uploadId, fileName),
    }),
    { readOnly: true },
  );
  if (absent && found.fileExists) throw new UploadRefusedError('fileExists');
  const parts = references.map((reference) => ({ id: reference.id, ...placeOf(reference, blocks) }));
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (sizeBytes > limits.maxFileBytes) throw bodyTooLarge(limits.maxFileBytes);
  if (found.otherBytes + sizeBytes > limits.maxUploadBytes) throw new UploadRefusedError('uploadTooLarge');

  const key = context.secretBox.open(found.wrappedKey);
  const written = await storeObject(upload, key, concatenate(context.files, key, parts), sizeBytes, {
    // The stated MD5 of the file is checked here too: it is the only proof that the blocks came in whole and in order.
    check: ({ md5 }) => checkMd5(request, ['x-ms-blob-content-md5'], md5),
    save: (tx, objectName, file) =>
      commitFile(
        tx,
        grant.uploadId,
        {
          name: fileName,
          objectName,
          ...file,
          blocks: parts.map(({ id, sizeBytes }) => ({ id, sizeBytes })),
        },
        { limits, onlyIfAbsent: absent, madeFrom: [...new Set(parts.map((part) => part.objectName))] },
      ),
  });
  return { etag: etagOf(written.sha256), contentMd5: listMd5 };
}

function placeOf(reference: BlockReference, blocks: BlocksOfFile): BlockPlace {
  const { from, id } = reference;
  const place =
    (from === 'Committed' ? undefined : blocks.uncommittedById.get(id)) ??
    (from === 'Uncommitted' ? undefined : blocks.committedById.get(id));
  if (place === undefined) throw new UploadRefusedError('blockMissing');
  return place;
}

async function* concatenate(
  files: FileStore,
  key: Uint8Array,
  parts: readonly BlockPlace[],
): AsyncGenerator<Uint8Array> {
  for (const { objectName, start, sizeBytes } of parts) {
    try {
      yield* files.read(objectName, key, { start, sizeBytes });
    } catch (error) {
      // Replaced by a block of the same id, or used by another list, since we looked.
      const gone = error instanceof OperationalError && error.code === 'UploadBytesMissing';
      throw gone ? new UploadRefusedError('blockMissing') : error;
    }
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
