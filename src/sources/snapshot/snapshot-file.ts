import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { RECORD_CODE_COUNT, RECORD_WORDS } from '#core/roster/record-codes.ts';
import { CODE_MASK, RecordIndex } from './record-index.ts';

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
  const records = index.copyRecords(isCurrent);
  const body = Buffer.from(records.buffer);
  const counts = Array.from({ length: RECORD_CODE_COUNT }, () => 0);
  for (let at = RECORD_WORDS - 1; at < records.length; at += RECORD_WORDS) {
    const code = (records[at] as number) & CODE_MASK;
    counts[code] = (counts[code] ?? 0) + 1;
  }

  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeDoubleLE(head.generation, AT.generation);
  header.writeUInt32LE(records.length / RECORD_WORDS, AT.records);
  header.set(bytesOf(place.sourceSystemId), AT.sourceSystem);
  header.set(bytesOf(head.runId), AT.run);
  header.write(head.fingerprint, AT.fingerprint, 16, 'hex');
  header.set(createHash('sha256').update(body).digest(), AT.bodyHash);
  for (const [code, count] of counts.entries()) header.writeUInt32LE(count, AT.counts + code * 4);
  sealHeader(header);

  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(header);
    await file.writeFile(body);
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}

/** The snapshot at `path`, or null when there is none that is of this source system, whole and readable. */
export async function readSnapshot(
  path: string,
  place: SnapshotPlace,
): Promise<{ head: SnapshotHead; index: RecordIndex } | null> {
  const head = await readSnapshotHead(path, place).catch(() => null);
  if (head === null) return null;
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  if (bytes.length < HEADER_BYTES) return null;
  const records = bytes.readUInt32LE(AT.records);
  if (bytes.length !== HEADER_BYTES + records * RECORD_BYTES) return null;
  const bodyHash = createHash('sha256').update(bytes.subarray(HEADER_BYTES)).digest();
  if (!bodyHash.equals(bytes.subarray(AT.bodyHash, AT.bodyHash + 32))) return null;
  const index = new RecordIndex(0);
  // A tenth more: what is new in this run finds room without moving the rest.
  index.reserve(Math.ceil(records * 1.1) + 1024);
  index.addAll(wordsOf(bytes.subarray(HEADER_BYTES)));
  return { head, index };
}

/** The head of the snapshot at `path`, or null when there is none that is of this source system. */
export async function readSnapshotHead(path: string, place: SnapshotPlace): Promise<SnapshotHead | null> {
  const header = await readHeader(path);
  if (header === null || !header.subarray(AT.sourceSystem, AT.run).equals(bytesOf(place.sourceSystemId)))
    return null;
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
  const header = await readHeader(path);
  if (header === null) return;
  header.writeDoubleLE(generation, AT.generation);
  sealHeader(header);
  const file = await open(path, 'r+');
  try {
    await file.write(header, 0, header.length, 0);
  } finally {
    await file.close();
  }
  await rename(path, snapshotPath(place));
}

/** A file that cannot be removed is of no harm: its generation tells that it is out of date. */
export async function removeSnapshot(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

async function readHeader(path: string): Promise<Buffer | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    const whole = bytesRead === HEADER_BYTES && header.toString('latin1', 0, MAGIC.length) === MAGIC;
    return whole && hashOfHeader(header).equals(header.subarray(HEADER_HASH_AT)) ? header : null;
  } finally {
    await file.close();
  }
}

function sealHeader(header: Buffer): void {
  header.set(hashOfHeader(header), HEADER_HASH_AT);
}

function hashOfHeader(header: Buffer): Buffer {
  return createHash('sha256').update(header.subarray(0, HEADER_HASH_AT)).digest();
}

/** A copy only where it must be: words stand at multiples of four. */
function wordsOf(bytes: Buffer): Int32Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 4 === 0) return new Int32Array(buffer, byteOffset, length / 4);
  return new Int32Array(buffer.slice(byteOffset, byteOffset + length));
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
