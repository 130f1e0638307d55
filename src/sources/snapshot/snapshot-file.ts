import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { RECORD_CODE_COUNT, RECORD_WORDS } from '#core/roster/record-codes.ts';
import { CODE_MASK, RecordIndex, type SpillOptions } from './record-index.ts';

/**
 * A snapshot file: header, then the records as RecordIndex holds them (28 bytes each, integers little endian), in the order in
 * which the roster names them, since the next one names them in that order too. It is a cache, guarded by checksums instead of
 * fsync: what is torn or of another generation is rebuilt.
 */
const MAGIC = 'RBSNAP01';
const AT = {
  generation: 8,
  records: 16,
  sourceSystem: 20,
  run: 36,
  fingerprint: 52,
  bodyHash: 68,
  counts: 100,
};
const HEADER_HASH_AT = AT.counts + RECORD_CODE_COUNT * 4;
const HEADER_BYTES = HEADER_HASH_AT + 32;
const RECORD_BYTES = RECORD_WORDS * 4;
/** That are read or written at once: 3.5 MiB. */
const PART_RECORDS = 128 * 1024;

/** Where the snapshot of a source system is. */
export interface SnapshotPlace {
  /** `DATA_DIR/snapshots`. */
  readonly directory: string;
  readonly tenantId: string;
  readonly sourceSystemId: string;
}

export interface SnapshotHead {
  /** snapshot_state.generation it belongs to. */
  readonly generation: number;
  /** The run that prepared it. */
  readonly runId: string;
  /** Hex; the settings its contents were hashed under. */
  readonly fingerprint: string;
}

export function snapshotPath(place: SnapshotPlace): string {
  return join(place.directory, place.tenantId, `${place.sourceSystemId}.snapshot`);
}

/**
 * The snapshot that a run prepares, until its plan is applied. Each stage of each run has a name of its own (`epoch`: of the claim that
 * staged), so that a worker that wakes up late touches nobody else's; without `epoch`, the one whose plan was stored.
 */
export function nextSnapshotPath(place: SnapshotPlace, runId: string, epoch?: number): string {
  return `${snapshotPath(place)}.${runId}${epoch === undefined ? '' : `.${epoch}`}.next`;
}

/** Removes what runs of this source system prepared and nobody will promote any more. */
export async function removeNextSnapshots(place: SnapshotPlace): Promise<void> {
  const current = snapshotPath(place);
  const names = await readdir(dirname(current)).catch(() => []);
  for (const name of names)
    if (name.startsWith(`${basename(current)}.`)) await removeSnapshot(join(dirname(current), name));
}

/** Writes the entries that `isCurrent` names. The file appears whole or not at all. */
export async function writeSnapshot(
  path: string,
  place: SnapshotPlace,
  head: SnapshotHead,
  index: RecordIndex,
  isCurrent: (entry: number) => boolean,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w', 0o600);
  try {
    const body = createHash('sha256');
    const counts = Array.from({ length: RECORD_CODE_COUNT }, () => 0);
    let at = HEADER_BYTES;
    for (const records of index.recordsInParts(isCurrent, PART_RECORDS)) {
      for (let meta = RECORD_WORDS - 1; meta < records.length; meta += RECORD_WORDS) {
        const code = (records[meta] as number) & CODE_MASK;
        counts[code] = (counts[code] ?? 0) + 1;
      }
      const bytes = Buffer.from(records.buffer, 0, records.byteLength);
      body.update(bytes);
      await writeAll(file, bytes, at);
      at += bytes.length;
    }
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 0, 'latin1');
    header.writeDoubleLE(head.generation, AT.generation);
    header.writeUInt32LE((at - HEADER_BYTES) / RECORD_BYTES, AT.records);
    header.set(bytesOf(place.sourceSystemId), AT.sourceSystem);
    header.set(bytesOf(head.runId), AT.run);
    header.write(head.fingerprint, AT.fingerprint, 16, 'hex');
    header.set(body.digest(), AT.bodyHash);
    for (const [code, count] of counts.entries()) header.writeUInt32LE(count, AT.counts + code * 4);
    sealHeader(header);
    await writeAll(file, header, 0);
  } catch (error) {
    // What a full disk has of it is of no use.
    await removeSnapshot(unfinished);
    throw error;
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

/**
 * The snapshot at `path`, or null when there is none that is of this source system, whole and readable. Throws when there is no room for records that
 * are not kept in memory.
 */
export async function readSnapshot(
  path: string,
  place: SnapshotPlace,
  spill: SpillOptions | null = null,
): Promise<{ head: SnapshotHead; index: RecordIndex } | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const header = await readHeader(file);
    const head = header === null ? null : headOf(header, place);
    if (header === null || head === null) return null;
    const index = await readRecords(file, header, spill);
    return index === null ? null : { head, index };
  } catch (error) {
    // That there was no room for the records on the disk says nothing of the file that they are in.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw error;
    return null;
  } finally {
    await file.close();
  }
}

/** Part after part, so that the records are in memory once. */
async function readRecords(
  file: FileHandle,
  header: Buffer,
  spill: SpillOptions | null,
): Promise<RecordIndex | null> {
  const count = header.readUInt32LE(AT.records);
  const { size } = await file.stat();
  if (size !== HEADER_BYTES + count * RECORD_BYTES) return null;
  const index = new RecordIndex(0, spill);
  // Room for as many again: memory that nobody writes to is none, and what is new in this run moves nothing.
  index.reserve(count, count * 2 + 1024);
  const hash = createHash('sha256');
  const part = new Int32Array(PART_RECORDS * RECORD_WORDS);
  const bytes = Buffer.from(part.buffer);
  for (let at = HEADER_BYTES; at < size; at += bytes.length) {
    const wanted = Math.min(bytes.length, size - at);
    const { bytesRead } = await file.read(bytes, 0, wanted, at);
    if (bytesRead !== wanted) return null;
    hash.update(bytes.subarray(0, wanted));
    index.addAll(part.subarray(0, wanted / 4));
  }
  if (hash.digest().equals(header.subarray(AT.bodyHash, AT.bodyHash + 32))) return index;
  index.close();
  return null;
}

/** The head of the snapshot at `path`, or null when there is none that is of this source system. */
export async function readSnapshotHead(path: string, place: SnapshotPlace): Promise<SnapshotHead | null> {
  const file = await openIfThere(path);
  if (file === null) return null;
  try {
    const header = await readHeader(file);
    return header === null ? null : headOf(header, place);
  } finally {
    await file.close();
  }
}

function headOf(header: Buffer, place: SnapshotPlace): SnapshotHead | null {
  if (!header.subarray(AT.sourceSystem, AT.run).equals(bytesOf(place.sourceSystemId))) return null;
  return {
    generation: header.readDoubleLE(AT.generation),
    runId: uuidOf(header.subarray(AT.run, AT.fingerprint)),
    fingerprint: header.toString('hex', AT.fingerprint, AT.bodyHash),
  };
}

/** Gives the prepared snapshot its generation and puts it in the place of the current one. */
export async function installSnapshot(
  place: SnapshotPlace,
  runId: string,
  generation: number,
): Promise<void> {
  const path = nextSnapshotPath(place, runId);
  const file = await openIfThere(path, 'r+');
  if (file === null) return;
  try {
    const header = await readHeader(file);
    if (header === null) return;
    header.writeDoubleLE(generation, AT.generation);
    sealHeader(header);
    await writeAll(file, header, 0);
  } finally {
    await file.close();
  }
  await rename(path, snapshotPath(place));
}

/** A file that cannot be removed is of no harm: its generation tells that it is out of date. */
export async function removeSnapshot(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

async function openIfThere(path: string, flags: 'r' | 'r+' = 'r'): Promise<FileHandle | null> {
  return open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

async function readHeader(file: FileHandle): Promise<Buffer | null> {
  const header = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
  const whole = bytesRead === HEADER_BYTES && header.toString('latin1', 0, MAGIC.length) === MAGIC;
  return whole && hashOfHeader(header).equals(header.subarray(HEADER_HASH_AT)) ? header : null;
}

/** A write may take a part only. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

function sealHeader(header: Buffer): void {
  header.set(hashOfHeader(header), HEADER_HASH_AT);
}

function hashOfHeader(header: Buffer): Buffer {
  return createHash('sha256').update(header.subarray(0, HEADER_HASH_AT)).digest();
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
