import type { FindingCode } from '#core/findings.ts';

/** What is wrong with a zip, or with one entry of it; becomes a finding. */
export interface ZipFault {
  readonly code: FindingCode;
  /** The entry as findings name it; null: the zip itself. */
  readonly file: string | null;
  /** What the archive says, when it is no name to print. */
  readonly value?: string;
  readonly message: string;
}

/** One entry, as the directory at the end of the zip has it; its local header says the same. */
export interface ZipEntry {
  /** With its folders; decoded, and otherwise as it stands there: it may be anything. */
  readonly path: string;
  readonly isEncrypted: boolean;
  /** 0: stored; 8: deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  /** What the directory says; counted when it is inflated. */
  readonly sizeBytes: number;
  /** Where the compressed bytes start. */
  readonly dataStart: number;
  /** A link, a device: anything that is neither a file nor a folder. */
  readonly isSpecial: boolean;
}

export interface ZipLimits {
  /** Entries, folders and what archivers add included. */
  readonly maxEntries: number;
  /** Of one file, inflated. */
  readonly maxFileBytes: number;
  /** Of all files, inflated. */
  readonly maxTotalBytes: number;
  /** Inflated bytes for each compressed one; deflate itself reaches 1,032. */
  readonly maxRatio: number;
  /** So many bytes may come of anything: a short file of one repeated line is no attack. */
  readonly ratioFreeBytes: number;
}

const MIB = 1024 * 1024;

/** Rosters are compressed to a fifth to a thirtieth, and have eight files. Sizes as for files that are uploaded loose. */
export const DEFAULT_ZIP_LIMITS: ZipLimits = {
  maxEntries: 256,
  maxFileBytes: 4096 * MIB,
  maxTotalBytes: 10_240 * MIB,
  maxRatio: 200,
  ratioFreeBytes: 16 * MIB,
};
