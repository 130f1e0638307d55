/**
 * The file of a backup:
 *
 *   "ROLLBOOK-BACKUP\n"                       16 bytes
 *   length of the header                       4 bytes, big-endian
 *   header                                     JSON, see BackupHeader; readable without unpacking the rest
 *   body                                       one gzip stream; for each table of the header, in that order:
 *                                              frames (4 bytes length, big-endian; that many bytes of PostgreSQL's COPY text format),
 *                                              ended by a frame of length 0
 *   SHA-256 of everything before               32 bytes: tells a file cut short or changed
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, OperationalError } from '#lib/errors.ts';

export interface BackupTable {
  /** Schema and name, quoted where needed. */
  readonly name: string;
  /** Quoted where needed, in the order of the fields. */
  readonly columns: readonly string[];
  readonly rows: number;
}

export interface BackupHeader {
  readonly format: number;
  readonly createdAt: string;
  readonly schemaVersion: number;
  readonly migrations: readonly { readonly number: number; readonly name: string; readonly hash: string }[];
  /** Tells whether two SECRET_KEYs are the same; reveals nothing of the key. */
  readonly secretKeyFingerprint: string;
  /** First days of the months that had partitions of their own, `2026-11-01`. */
  readonly partitionMonths: readonly string[];
  /** In an order in which every table comes after those it refers to. */
  readonly tables: readonly BackupTable[];
}

const MAGIC = Buffer.from('ROLLBOOK-BACKUP\n');
const HASH_BYTES = 32;
const LARGEST_HEADER = 16 * 1024 * 1024;
const LARGEST_FRAME = 64 * 1024 * 1024;
const FRAME_BYTES = 128 * 1024;

/** Cuts COPY data into frames of a good size and closes them with the empty one. */
export async function* framesOf(rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of rows) {
    parts.push(part);
    size += part.length;
    if (size < FRAME_BYTES) continue;
    yield Buffer.concat([lengthOf(size), ...parts]);
    parts = [];
    size = 0;
  }
  yield size === 0 ? lengthOf(0) : Buffer.concat([lengthOf(size), ...parts, lengthOf(0)]);
}

/** Puts magic, header and hash around the packed body. */
export async function* wrapBody(header: BackupHeader, packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const json = Buffer.from(JSON.stringify(header));
  const front = Buffer.concat([MAGIC, lengthOf(json.length), json]);
  hash.update(front);
  yield front;
  for await (const part of packed) {
    hash.update(part);
    yield part;
  }
  yield hash.digest();
}

function lengthOf(size: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  return bytes;
}

export interface CheckedBackup {
  readonly header: BackupHeader;
  /** The tables' rows; must be read in order, each to its end. */
  readonly rowsOf: (table: BackupTable) => AsyncGenerator<Buffer>;
}

/**
 * Reads the whole file once to check its hash, before anybody acts on any of it, and then gives access to the parts.
 * Throws OperationalError `BackupDamaged`.
 */
export async function openBackup(path: string): Promise<CheckedBackup> {
  const { header, bodyStart, bodyEnd } = await checkFile(path);
  const file = createReadStream(path, { start: bodyStart, end: bodyEnd - 1 });
  const unpacked = file.pipe(createGunzip());
  file.once('error', (error) => unpacked.destroy(error));
  const read = exactReader(unpacked);
  return {
    header,
    async *rowsOf() {
      for (;;) {
        const size = (await read(4)).readUInt32BE();
        if (size === 0) return;
        if (size > LARGEST_FRAME) throw damaged(path, 'a frame is too long');
        yield await read(size);
      }
    },
  };
}

async function checkFile(
  path: string,
): Promise<{ header: BackupHeader; bodyStart: number; bodyEnd: number }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new OperationalError('BackupUnreadable', `The backup cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  });
  try {
    const { size } = await file.stat();
    const front = Buffer.alloc(MAGIC.length + 4);
    await file.read(front, 0, front.length, 0);
    if (!front.subarray(0, MAGIC.length).equals(MAGIC))
      throw damaged(path, 'it does not begin like a backup of Rollbook');
    const headerSize = front.readUInt32BE(MAGIC.length);
    const bodyStart = front.length + headerSize;
    const bodyEnd = size - HASH_BYTES;
    if (headerSize > LARGEST_HEADER || bodyStart >= bodyEnd) throw damaged(path, 'it is cut short');
    const hash = createHash('sha256');
    for await (const part of createReadStream(path, { end: bodyEnd - 1, highWaterMark: 1024 * 1024 }))
      hash.update(part as Buffer);
    const expected = Buffer.alloc(HASH_BYTES);
    await file.read(expected, 0, HASH_BYTES, bodyEnd);
    if (!timingSafeEqual(hash.digest(), expected))
      throw damaged(path, 'its checksum is wrong: it was cut short or changed');
    const json = Buffer.alloc(headerSize);
    await file.read(json, 0, headerSize, front.length);
    const header = JSON.parse(json.toString('utf8')) as BackupHeader;
    if (header.format !== 1) throw damaged(path, `its format ${header.format} is from a newer Rollbook`);
    return { header, bodyStart, bodyEnd };
  } finally {
    await file.close();
  }
}

function damaged(path: string, why: string): OperationalError {
  return new OperationalError('BackupDamaged', `${path} cannot be restored: ${why}. Use another backup.`);
}

/** Answers so many bytes of the stream at each call. */
function exactReader(source: AsyncIterable<unknown>): (size: number) => Promise<Buffer> {
  const parts = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (size) => {
    const found: Buffer[] = [rest];
    let have = rest.length;
    while (have < size) {
      const next = await parts.next();
      if (next.done === true)
        throw new OperationalError('BackupDamaged', 'The backup ends in the middle of a table.');
      found.push(next.value as Buffer);
      have += (next.value as Buffer).length;
    }
    const all = found.length === 1 ? rest : Buffer.concat(found);
    rest = all.subarray(size);
    return all.subarray(0, size);
  };
}
