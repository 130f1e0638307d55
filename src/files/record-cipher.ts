import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

import { assert } from '#lib/assert.ts';

/*
 * The format of an encrypted object, version 1. Numbers are big-endian.
 *
 *   header, 32 bytes:  "rollbook" | version u32 = 1 | recordBytes u32 | salt, 16 random bytes
 *   record 0 … n-1:    AES-256-GCM ciphertext | tag, 16 bytes
 *
 * Every record but the last holds exactly `recordBytes` plain bytes, the last one 1 … recordBytes; an empty object is one
 * empty record. So the size of the object says how many records there are and which one is last, and any record can be
 * found by its index.
 *
 *   key    HKDF-SHA-256(upload key, salt): one per object, so that counters may start at 0 in each
 *   nonce  record index, u64 | 3 zero bytes | 1 for the last record, else 0: never repeats under one key
 *   AAD    header | object name: a record of another object or under another header does not open
 *
 * A record moved, repeated, left out or taken from elsewhere opens under no nonce but its own; an object cut at the border
 * of a record ends in one that was not written as the last. docs/adr/0004-upload-encryption.md has the reasons.
 */

const MAGIC = Buffer.from('rollbook', 'latin1');
const VERSION = 1;
const PURPOSE = 'rollbook upload object v1';

export const HEADER_BYTES = 32;
export const TAG_BYTES = 16;
export const SALT_BYTES = 16;
/** Plain bytes per record. Large, so that a reader has few system calls, few allocations and one await per MiB. */
export const RECORD_BYTES = 1024 * 1024;
const MIN_RECORD_BYTES = 16;
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export function formatHeader(recordBytes: number, salt: Uint8Array): Buffer {
  assert(recordBytes >= MIN_RECORD_BYTES && recordBytes <= MAX_RECORD_BYTES, 'record size out of range');
  assert(salt.byteLength === SALT_BYTES, 'the salt has 16 bytes');
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header, 0);
  header.writeUInt32BE(VERSION, 8);
  header.writeUInt32BE(recordBytes, 12);
  header.set(salt, 16);
  return header;
}

/** The record size a header states, or what is wrong with the header. */
export function parseHeader(header: Buffer): { recordBytes: number } | { fault: string } {
  if (header.length < HEADER_BYTES) return { fault: 'shorter than its header' };
  if (!header.subarray(0, 8).equals(MAGIC)) return { fault: 'not an upload object' };
  const version = header.readUInt32BE(8);
  if (version !== VERSION) return { fault: `format version ${version}; this Rollbook reads ${VERSION}` };
  const recordBytes = header.readUInt32BE(12);
  if (recordBytes < MIN_RECORD_BYTES || recordBytes > MAX_RECORD_BYTES)
    return { fault: 'impossible record size' };
  return { recordBytes };
}

export interface RecordLayout {
  readonly recordCount: number;
  readonly plainBytes: number;
}

/** How an object of that size divides into records, or undefined when no writer makes that size. */
export function layoutOf(objectBytes: number, recordBytes: number): RecordLayout | undefined {
  const body = objectBytes - HEADER_BYTES;
  const recordCount = Math.ceil(body / (recordBytes + TAG_BYTES));
  const lastBytes = body - (recordCount - 1) * (recordBytes + TAG_BYTES);
  if (recordCount < 1 || lastBytes < TAG_BYTES) return undefined;
  if (recordCount > 1 && lastBytes === TAG_BYTES) return undefined;
  return { recordCount, plainBytes: body - recordCount * TAG_BYTES };
}

/** Seals and opens the records of one object. */
export interface RecordCipher {
  /** Ciphertext and tag. */
  seal(index: number, last: boolean, plain: Uint8Array): [Buffer, Buffer];
  /** The plain bytes, or undefined when the record is not the one that was sealed at this place. */
  open(index: number, last: boolean, sealed: Uint8Array): Buffer | undefined;
}

export function recordCipher(key: Uint8Array, header: Buffer, objectName: string): RecordCipher {
  assert(key.byteLength === 32, 'an upload key has 32 bytes');
  const objectKey = Buffer.from(hkdfSync('sha256', key, header.subarray(16, 32), PURPOSE, 32));
  const aad = Buffer.concat([header, Buffer.from(objectName, 'utf8')]);
  const nonce = Buffer.alloc(12);
  const setNonce = (index: number, last: boolean): void => {
    nonce.writeBigUInt64BE(BigInt(index), 0);
    nonce[11] = last ? 1 : 0;
  };
  return {
    seal(index, last, plain) {
      setNonce(index, last);
      const cipher = createCipheriv('aes-256-gcm', objectKey, nonce);
      cipher.setAAD(aad);
      const sealed = cipher.update(plain);
      cipher.final();
      return [sealed, cipher.getAuthTag()];
    },
    open(index, last, sealed) {
      setNonce(index, last);
      const decipher = createDecipheriv('aes-256-gcm', objectKey, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(sealed.byteLength - TAG_BYTES));
      const plain = decipher.update(sealed.subarray(0, sealed.byteLength - TAG_BYTES));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plain;
    },
  };
}
