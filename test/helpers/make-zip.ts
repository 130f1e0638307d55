import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip, honest unless it says otherwise. */
export interface MadeEntry {
  readonly path: string | Buffer;
  readonly content?: string | Uint8Array;
  /** 8: deflated, unless `store`. */
  readonly method?: number;
  readonly store?: boolean;
  /** The compressed bytes as they are, in place of `content`. */
  readonly packed?: Uint8Array;
  readonly flags?: number;
  /** Sizes of the entry only in 64 bits, as for files above 4 GiB. */
  readonly zip64?: boolean;
  /** Sizes and checksum behind the data, as archivers that stream write them. */
  readonly streamed?: boolean;
  /** What both headers, or one of them, say in place of the truth. */
  readonly crc?: number;
  readonly sizeBytes?: number;
  readonly localPath?: string;
  readonly localMethod?: number;
  readonly localFlags?: number;
  /** Points to the header of the entry at that place instead of to one of its own. */
  readonly sameAs?: number;
  /** Type and permissions, as Unix has them. */
  readonly mode?: number;
  /** Number of the system that made it: 3, Unix, unless it says otherwise. */
  readonly madeOn?: number;
}

export interface MadeZip {
  readonly comment?: string;
  /** How many entries the end of the directory states. */
  readonly entryCount?: number;
  /** The directory names the last entry first. */
  readonly isReversed?: boolean;
  /** The end of the directory in 64 bits. */
  readonly zip64?: boolean;
}

const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
const UTF8 = 0x800;
const STREAMED = 8;

interface Head {
  readonly path: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly extra: Buffer;
}

/** A zip, byte by byte, so that a test can lie anywhere in it. */
export function makeZip(entries: readonly MadeEntry[], options: MadeZip = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  const add = (...more: Buffer[]): void => {
    for (const part of more) {
      parts.push(part);
      at += part.length;
    }
  };
  for (const entry of entries) {
    const packed = packedOf(entry);
    const head = headOf(entry, packed.length);
    const offset = entry.sameAs === undefined ? at : (offsets[entry.sameAs] ?? 0);
    offsets.push(offset);
    if (entry.sameAs === undefined) add(localHeader(entry, head), packed);
    if (entry.streamed === true && entry.sameAs === undefined) add(descriptor(head));
    directory.push(directoryEntry(entry, head, offset));
  }
  const start = at;
  for (const one of options.isReversed === true ? directory.toReversed() : directory) add(one);
  const count = options.entryCount ?? entries.length;
  if (options.zip64 === true) add(...end64(count, at - start, start, at));
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, MAX_16), 8);
  end.writeUInt16LE(Math.min(count, MAX_16), 10);
  end.writeUInt32LE(at - start, 12);
  end.writeUInt32LE(options.zip64 === true ? MAX_32 : start, 16);
  end.writeUInt16LE(comment.length, 20);
  add(end, comment);
  return Buffer.concat(parts);
}

/** The files of a roster in one zip, as `zip -j` makes it. */
export function zipOf(files: Readonly<Record<string, string | Uint8Array>>, folder = ''): Buffer {
  return makeZip(Object.entries(files).map(([name, content]) => ({ path: folder + name, content })));
}

function packedOf({ packed, content = '', store = false }: MadeEntry): Buffer {
  if (packed !== undefined) return Buffer.from(packed);
  return store ? Buffer.from(content) : deflateRawSync(Buffer.from(content));
}

function headOf(entry: MadeEntry, packedBytes: number): Head {
  const content = Buffer.from(entry.content ?? '');
  const sizeBytes = entry.sizeBytes ?? content.length;
  const extra = Buffer.alloc(entry.zip64 === true ? 20 : 0);
  if (entry.zip64 === true) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(sizeBytes), 4);
    extra.writeBigUInt64LE(BigInt(packedBytes), 12);
  }
  return {
    path: Buffer.from(entry.path),
    flags: (entry.flags ?? 0) | UTF8 | (entry.streamed === true ? STREAMED : 0),
    method: entry.method ?? (entry.store === true ? 0 : 8),
    crc: entry.crc ?? crc32(content),
    packedBytes: entry.zip64 === true ? MAX_32 : packedBytes,
    sizeBytes: entry.zip64 === true ? MAX_32 : sizeBytes,
    extra,
  };
}

function localHeader({ localPath, localMethod, localFlags, streamed }: MadeEntry, head: Head): Buffer {
  const path = localPath === undefined ? head.path : Buffer.from(localPath);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(head.flags | (localFlags ?? 0), 6);
  header.writeUInt16LE(localMethod ?? head.method, 8);
  if (streamed !== true) {
    header.writeUInt32LE(head.crc, 14);
    header.writeUInt32LE(head.packedBytes, 18);
    header.writeUInt32LE(head.sizeBytes, 22);
  }
  header.writeUInt16LE(path.length, 26);
  header.writeUInt16LE(head.extra.length, 28);
  return Buffer.concat([header, path, head.extra]);
}

function descriptor(head: Head): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(head.crc, 4);
  bytes.writeUInt32LE(head.packedBytes, 8);
  bytes.writeUInt32LE(head.sizeBytes, 12);
  return bytes;
}

function directoryEntry({ mode = 0, madeOn = 3 }: MadeEntry, head: Head, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((madeOn << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(head.flags, 8);
  header.writeUInt16LE(head.method, 10);
  header.writeUInt32LE(head.crc, 16);
  header.writeUInt32LE(head.packedBytes, 20);
  header.writeUInt32LE(head.sizeBytes, 24);
  header.writeUInt16LE(head.path.length, 28);
  header.writeUInt16LE(head.extra.length, 30);
  header.writeUInt16LE(mode, 40);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, head.path, head.extra]);
}

function end64(count: number, directoryBytes: number, start: number, at: number): Buffer[] {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(directoryBytes), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return [end, locator];
}
