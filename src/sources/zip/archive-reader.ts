import { RandomAccessReader } from 'yauzl';

import { messageOf } from '#lib/errors.ts';
import type { UploadedFile } from '../contract.ts';

/** Headers are read in small pieces, and a record of the store is decrypted as a whole: pieces are served from a window. */
const WINDOW_BYTES = 64 * 1024;

type ReadCallback = (error: Error | null, bytesRead?: number) => void;

/** Lets the zip library read an uploaded file anywhere. */
export class ArchiveReader extends RandomAccessReader {
  /** Why the bytes could not be had; then it is not the fault of the zip. */
  failure: unknown;
  /** Start of the first read and end of the last one since forgetReads. */
  firstRead: number | null = null;
  readEnd = 0;
  readonly #file: UploadedFile;
  #window: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  constructor(file: UploadedFile) {
    super();
    this.#file = file;
  }

  forgetReads(): void {
    this.firstRead = null;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: ReadCallback,
  ): void {
    this.firstRead ??= position;
    this.readEnd = position + length;
    // Offsets come from the archive: they may lie anywhere.
    if (!Number.isSafeInteger(position) || position + length > this.#file.sizeBytes) {
      setImmediate(callback, null, 0);
      return;
    }
    void this.#answer(buffer.subarray(offset), length, position, callback);
  }

  /** The library goes on outside of the promise: what it throws is a bug that nobody here may swallow. */
  async #answer(into: Buffer, length: number, position: number, callback: ReadCallback): Promise<void> {
    try {
      (await this.bytesAt(position, length)).copy(into);
      setImmediate(callback, null, length);
    } catch (error) {
      this.failure = error;
      setImmediate(callback, error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  /** Exactly that many bytes; the range is within the file. */
  async bytesAt(position: number, length: number): Promise<Buffer> {
    const { start, bytes } = this.#window;
    if (position >= start && position + length <= start + bytes.length)
      return bytes.subarray(position - start, position - start + length);
    const sizeBytes = Math.min(Math.max(length, WINDOW_BYTES), this.#file.sizeBytes - position);
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#file.read({ start: position, sizeBytes })) pieces.push(piece);
    this.#window = { start: position, bytes: Buffer.concat(pieces) };
    return this.#window.bytes.subarray(0, length);
  }
}
