import type { StoredObject } from '../file-store.ts';

/** Bytes of an object as they come, and the size of the whole. */
export interface FetchedBytes {
  readonly totalBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * What a storage of objects on the network can do: encrypted bytes under names, nothing of what they mean. Every method throws what storeError
 * makes; each call has a timeout and is repeated a few times before that.
 */
export interface ObjectBucket {
  /** Small objects go in one piece. */
  putWhole(objectName: string, bytes: Buffer): Promise<void>;
  /** A large one goes in parts. It is there, whole and durable, when `finish` resolves, and not before. */
  beginParts(objectName: string): Promise<PartsUpload>;
  /** From `start` up to and without `end`, which may lie behind the end of the object. */
  fetch(objectName: string, start: number, end: number, signal: AbortSignal): Promise<FetchedBytes>;
  /** One that is not there is fine. */
  remove(objectName: string): Promise<void>;
  /** Finished objects under our prefix whose names `isOurs`. */
  list(isOurs: (objectName: string) => boolean): AsyncIterable<StoredObject>;
  /** Takes back parts of objects under our prefix whose names `isOurs`, begun before that and never finished. Returns of how many. */
  removeUnfinished(untouchedSince: Date, isOurs: (objectName: string) => boolean): Promise<number>;
}

export interface PartsUpload {
  /** Numbered from 1, in order. */
  put(partNo: number, bytes: Buffer): Promise<void>;
  finish(): Promise<void>;
  /** Takes back what was put. Never throws: what it cannot take back, removeUnfinished does. */
  abandon(): Promise<void>;
}
