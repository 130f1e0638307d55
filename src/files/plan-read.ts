import type { ByteRange } from './file-store.ts';
import { damagedObject } from './file-store-errors.ts';
import { HEADER_BYTES, TAG_BYTES, layoutOf, parseHeader, recordCipher } from './record-cipher.ts';

/** Which records of an object have to be fetched for a range, where they are, and how they are opened. */
export interface ReadPlan {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
  /** Largest sealed record. */
  readonly sealedBytesAtMost: number;
  /** Where the sealed record begins in the object, and its size. */
  place(this: void, index: number): { readonly position: number; readonly sealedBytes: number };
  /** The bytes of the record that are asked for, verified. Throws OperationalError `UploadBytesDamaged`. */
  open(this: void, index: number, sealed: Uint8Array): Buffer;
}

/** `header`: the first bytes of the object; `sizeBytes`: of the whole. Throws OperationalError `UploadBytesDamaged`. */
export function planRead(
  object: { readonly objectName: string; readonly header: Buffer; readonly sizeBytes: number },
  key: Uint8Array,
  range: ByteRange | undefined,
): ReadPlan {
  const { objectName, header, sizeBytes } = object;
  const parsed = parseHeader(header);
  if ('fault' in parsed) throw damagedObject(objectName, parsed.fault);
  const { recordBytes } = parsed;
  const layout = layoutOf(sizeBytes, recordBytes);
  if (layout === undefined) throw damagedObject(objectName, 'cut off');
  const { recordCount, plainBytes } = layout;
  const from = range?.start ?? 0;
  const to = range === undefined ? plainBytes : range.start + range.sizeBytes;
  if (from < 0 || to < from || to > plainBytes) throw damagedObject(objectName, 'shorter than expected');
  // Without a range the last record is always opened, an empty object's only one included: it proves the end.
  const first = Math.min(Math.floor(from / recordBytes), recordCount - 1);
  const end = range === undefined ? recordCount : Math.max(Math.ceil(to / recordBytes), first);
  const cipher = recordCipher(key, header, objectName);
  const stride = recordBytes + TAG_BYTES;
  return {
    first,
    end,
    sealedBytesAtMost: Math.min(stride, plainBytes + TAG_BYTES),
    place: (index) => ({
      position: HEADER_BYTES + index * stride,
      sealedBytes: Math.min(recordBytes, plainBytes - index * recordBytes) + TAG_BYTES,
    }),
    open(index, sealed) {
      const plain = cipher.open(index, index === recordCount - 1, sealed);
      if (plain === undefined) throw damagedObject(objectName, `record ${index} does not open`);
      const start = index * recordBytes;
      return plain.subarray(Math.max(from - start, 0), Math.min(to - start, plain.length));
    },
  };
}
