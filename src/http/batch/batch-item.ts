import { AsyncLocalStorage } from 'node:async_hooks';

/** What a request that runs as an item of a batch has from the request around it. */
export interface BatchItem {
  /** Origin of links in its answer: the item itself came by no connection that could tell. */
  readonly baseUrl: string;
  /** The request-id of the batch, for the log. */
  readonly batchRequestId: string;
}

const running = new AsyncLocalStorage<BatchItem>();

/** Runs what handles an item; whatever it calls finds the item. */
export function runAsBatchItem<T>(item: BatchItem, handle: () => T): T {
  return running.run(item, handle);
}

/** The item that is being handled; undefined: the request came by itself. */
export function currentBatchItem(): BatchItem | undefined {
  return running.getStore();
}
