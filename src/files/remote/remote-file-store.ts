import { randomBytes } from 'node:crypto';

import { assert } from '#lib/assert.ts';
import type { FileStore } from '../file-store.ts';
import { RECORD_BYTES, SALT_BYTES } from '../record-cipher.ts';
import { drainSealed, sealRecords } from '../seal-records.ts';
import { claimBucket } from './claim-bucket.ts';
import type { ObjectBucket, PartsUpload } from './object-bucket.ts';
import { readRemote } from './read-remote.ts';

export interface RemoteFileStoreOptions {
  readonly recordBytes?: number;
  readonly partBytes?: number;
}

const OBJECT_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** S3 takes 10,000 parts: objects of up to 78 GiB. A write under way holds one of them in memory. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Objects in a bucket. They are encrypted before they leave this process, in the format of the local store (record-cipher), so that the storage
 * sees names and sizes alone. `open` is called at the first use: it loads the client.
 */
export function remoteFileStore(
  open: () => Promise<ObjectBucket>,
  { recordBytes = RECORD_BYTES, partBytes = PART_BYTES }: RemoteFileStoreOptions = {},
): FileStore {
  let opened: Promise<ObjectBucket> | undefined;
  const bucket = (): Promise<ObjectBucket> => (opened ??= open());
  const isOurs = (objectName: string): boolean => OBJECT_NAME.test(objectName);
  const checked = (objectName: string): string => {
    assert(isOurs(objectName), 'an object name is a UUID made by Rollbook');
    return objectName;
  };

  return {
    async write(objectName, plain, key, { maxSizeBytes }) {
      checked(objectName);
      const into = await bucket();
      const salt = randomBytes(SALT_BYTES);
      const sealed = sealRecords(plain, { objectName, key, recordBytes, salt, maxSizeBytes });
      let upload: PartsUpload | undefined;
      let waiting: Buffer[] = [];
      let waitingBytes = 0;
      let partNo = 0;
      let sent = false;
      const sendPart = async (): Promise<void> => {
        const bytes = Buffer.concat(waiting);
        waiting = [];
        waitingBytes = 0;
        sent = true;
        upload ??= await into.beginParts(objectName);
        partNo += 1;
        await upload.put(partNo, bytes);
      };
      try {
        const written = await drainSealed(sealed, async (portion) => {
          waiting.push(...portion);
          for (const part of portion) waitingBytes += part.length;
          if (waitingBytes >= partBytes) await sendPart();
        });
        if (upload === undefined) {
          sent = true;
          await into.putWhole(objectName, Buffer.concat(waiting));
        } else {
          if (waitingBytes > 0) await sendPart();
          await upload.finish();
        }
        return written;
      } catch (error) {
        await upload?.abandon();
        // Its last answer may have been lost, not the object.
        if (sent) await into.remove(objectName).catch(() => undefined);
        throw error;
      }
    },

    async *read(objectName, key, range) {
      yield* readRemote(await bucket(), checked(objectName), key, range);
    },

    remove: async (objectName) => (await bucket()).remove(checked(objectName)),

    async *list() {
      yield* (await bucket()).list(isOurs);
    },

    removeUnfinished: async (untouchedSince) => (await bucket()).removeUnfinished(untouchedSince, isOurs),

    claim: async (claim) => claimBucket(await bucket(), claim),
  };
}
