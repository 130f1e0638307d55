import { randomBytes } from 'node:crypto';

/** Time, ids and timers of the running system. They are passed in, so that a test can hold them still. */
export interface System {
  /** The wall clock. What processes compare with each other uses the database's clock instead. */
  now(): Date;
  /** A new UUIDv7 (RFC 9562), lower case: ids sort by the millisecond they were made in. */
  newId(this: void): string;
  /** Random bytes fit for secrets. */
  randomBytes(size: number): Buffer;
  /** Resolves after that many milliseconds, or at once when the signal aborts. */
  sleep(timeMs: number, signal?: AbortSignal): Promise<void>;
}

/** Formats 16 bytes as a lower-case UUID. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Makes UUIDv7 from a time in milliseconds since 1970 and ten random bytes. */
export function uuidv7(timeMs: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timeMs) << 16n);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(bytes);
}

export const realSystem: System = {
  now: () => new Date(),
  newId: () => uuidv7(Date.now(), randomBytes(10)),
  randomBytes: (size) => randomBytes(size),
  sleep: (timeMs, signal) =>
    new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, timeMs);
      if (signal?.aborted) finish();
      else signal?.addEventListener('abort', finish);
    }),
};

/** The system with its clock set forward by so many milliseconds, asked anew each time. */
export function shiftedSystem(base: System, offsetMs: () => number): System {
  const now = (): Date => new Date(base.now().getTime() + offsetMs());
  return { ...base, now, newId: () => uuidv7(now().getTime(), base.randomBytes(10)) };
}
