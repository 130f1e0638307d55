import { Readable, pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';

import { messageOf } from '#lib/errors.ts';
import type { UploadedFile } from '../contract.ts';
import { type ChosenEntry, isRatioAbove, sayRatio } from './choose-entries.ts';
import type { ZipFault, ZipLimits } from './zip-entry.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * The plain bytes of one entry. What the zip states of its size was held against all limits before (chooseEntries), and is
 * counted here: more never comes out. The ratio is held all along, or a bomb could state the most that its size allows and keep a worker
 * busy until it gets there. At the first fault, and before the chunk that shows it, the bytes end, and `onFault`
 * is told why. Errors: what reading the file throws.
 */
export async function* inflateEntry(
  archive: UploadedFile,
  chosen: ChosenEntry,
  limits: ZipLimits,
  onFault: (fault: ZipFault) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const { entry } = chosen;
  const name = chosen.name.toLowerCase();
  const fault = (code: ZipFault['code'], message: string): void => onFault({ code, file: name, message });
  const packed = archive.read({ start: entry.dataStart, sizeBytes: entry.compressedBytes });
  const source = entry.method === 0 ? stored(packed) : deflated(packed);
  let sizeBytes = 0;
  let checksum = 0;
  try {
    for await (const chunk of source.chunks) {
      sizeBytes += chunk.length;
      if (sizeBytes > entry.sizeBytes)
        return fault(
          'ZIP_TOO_LARGE',
          `${name} unpacks to more than the ${entry.sizeBytes} bytes that the zip states.`,
        );
      if (isRatioAbove(sizeBytes, source.packedBytes(), limits))
        return fault('ZIP_TOO_LARGE', sayRatio(name, limits));
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return fault('ZIP_DAMAGED', `${name} cannot be unpacked: ${messageOf(error)}.`);
  }
  if (sizeBytes !== entry.sizeBytes || source.packedBytes() !== entry.compressedBytes)
    return fault('ZIP_DAMAGED', `${name} has another size than the zip states.`);
  if (checksum !== entry.crc32)
    return fault('ZIP_DAMAGED', `${name} has another checksum (CRC-32) than the zip states.`);
}

interface Chunks {
  readonly chunks: AsyncIterable<Buffer>;
  /** Compressed bytes that were used up so far. */
  packedBytes(): number;
}

function stored(packed: AsyncIterable<Uint8Array>): Chunks {
  let done = 0;
  async function* pass(): AsyncGenerator<Buffer> {
    for await (const chunk of packed) {
      done += chunk.length;
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  }
  return { chunks: pass(), packedBytes: () => done };
}

/** Inflates no further than is asked for; whoever stops early closes the archive. */
function deflated(packed: AsyncIterable<Uint8Array>): Chunks {
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  // Faults come out of the iteration.
  pipeline(Readable.from(packed), inflate, () => undefined);
  return { chunks: inflate, packedBytes: () => inflate.bytesWritten };
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('Z_');
}
