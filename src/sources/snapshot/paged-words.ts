import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface PageSizes {
  readonly pageWords: number;
  /** That are in memory at once; a power of two. */
  readonly pages: number;
}

/**
 * Words of 32 bits in a file, for more of them than memory shall hold. Each page has one place in memory, which it shares with others: whichever was
 * asked for last is there. Words that were never written are 0. Reading waits for the disk: this is for threads of their own. The file has no name,
 * so that nothing is left of it when the process ends, however it ends. Errors: what the file system says.
 */
export class PagedWords {
  /** The pages that are in memory. */
  readonly words: Int32Array<ArrayBuffer>;
  readonly #bytes: Buffer;
  readonly #pageBytes: number;
  readonly #pageWords: number;
  readonly #mask: number;
  /** The page in each place; -1: none. */
  readonly #pageIn: Int32Array;
  readonly #isChanged: Uint8Array;
  #file: number;

  constructor(directory: string, { pageWords, pages }: PageSizes) {
    this.words = new Int32Array(pageWords * pages);
    this.#bytes = Buffer.from(this.words.buffer);
    this.#pageWords = pageWords;
    this.#pageBytes = pageWords * Int32Array.BYTES_PER_ELEMENT;
    this.#mask = pages - 1;
    this.#pageIn = new Int32Array(pages).fill(-1);
    this.#isChanged = new Uint8Array(pages);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, `${randomUUID()}.pages`);
    this.#file = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** Where a page begins in `words`, until another one is asked for. `toChange`: what is written there is kept. */
  page(page: number, toChange = false): number {
    const place = page & this.#mask;
    if (this.#pageIn[place] !== page) this.#bring(page, place);
    if (toChange) this.#isChanged[place] = 1;
    return place * this.#pageWords;
  }

  close(): void {
    if (this.#file === -1) return;
    closeSync(this.#file);
    this.#file = -1;
  }

  #bring(page: number, place: number): void {
    const from = place * this.#pageBytes;
    const before = this.#pageIn[place] as number;
    if (this.#isChanged[place] === 1) {
      for (let done = 0; done < this.#pageBytes;)
        done += writeSync(
          this.#file,
          this.#bytes,
          from + done,
          this.#pageBytes - done,
          before * this.#pageBytes + done,
        );
      this.#isChanged[place] = 0;
    }
    this.#pageIn[place] = -1;
    let done = 0;
    while (done < this.#pageBytes) {
      const read = readSync(
        this.#file,
        this.#bytes,
        from + done,
        this.#pageBytes - done,
        page * this.#pageBytes + done,
      );
      if (read === 0) break;
      done += read;
    }
    this.#bytes.fill(0, from + done, from + this.#pageBytes);
    this.#pageIn[place] = page;
  }
}
