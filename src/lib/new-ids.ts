import { uuidv7 } from './system.ts';

const RANDOM_BYTES = 10;

/** A source of UUIDv7 for many objects at once. */
export function newIds(random: (size: number) => Uint8Array, nowMs: () => number = Date.now): () => string {
  return () => uuidv7(nowMs(), random(RANDOM_BYTES));
}
