import { RecordHash } from './record-hash.ts';
import { hashClassKey } from './class-anchor.ts';

/** The keys of classes and of places in them, as the database has them (UUIDs), when classes get other source ids. */
export class ClassKeys {
  readonly #hash: RecordHash;

  /** 32 secret bytes of the tenant. */
  constructor(hashKey: Uint8Array) {
    this.#hash = new RecordHash(hashKey, new Uint8Array(0), 64 * 1024);
  }

  keyOf(sourceId: string): string {
    hashClassKey(this.#hash, sourceId);
    return toUuid(this.#hash.key);
  }

  /** The key of a place in a class that has had the key `from` and gets `to`: a sum of keys, of which one changes (RecordHash.joinKeys). */
  static move(place: string, from: string, to: string): string {
    const [words, before, after] = [toWords(place), toWords(from), toWords(to)];
    return toUuid(words.map((word, i) => word - (before[i] as number) + (after[i] as number)));
  }
}

function toWords(uuid: string): Int32Array {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return Int32Array.from({ length: 4 }, (_, i) => bytes.readInt32LE(i * 4));
}

function toUuid(words: Int32Array): string {
  const bytes = Buffer.alloc(16);
  for (const [i, word] of words.entries()) bytes.writeInt32LE(word, i * 4);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
}
