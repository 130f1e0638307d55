import { PlanItemCopy } from '#storage/stage/stage-copy.ts';
import type { StageSession } from '#storage/stage/stage-session.ts';

import type { ItemSink } from './item-sink.ts';
import type { RecordIndex } from './snapshot/record-index.ts';

export interface CopyItems extends ItemSink {
  /** All items are in the transaction, which is left open (begun even when there was none); or it is rolled back. */
  finish(): Promise<void>;
}

/** Items by COPY into bulk.plan_item, in a transaction that begins with the first of them. */
export function copyItems(session: StageSession, runId: Buffer, index: RecordIndex): CopyItems {
  const copy = new PlanItemCopy(session.client, runId);
  let state: 'idle' | 'open' | 'discarded' = 'idle';
  const drain = async (): Promise<void> => {
    if (state === 'discarded' || copy.rows === 0) return;
    if (state === 'idle') {
      await session.begin();
      state = 'open';
    }
    await copy.drain();
  };
  let wasOpen = false;
  return {
    add(item) {
      copy.add(item, index);
    },
    drain,
    discard() {
      wasOpen = state === 'open';
      state = 'discarded';
    },
    async finish() {
      if (state === 'discarded') {
        if (!wasOpen) return;
        await copy.fail();
        await session.rollback();
        return;
      }
      if (state === 'idle') await session.begin();
      state = 'open';
      if (copy.rows > 0) await copy.finish();
    },
  };
}
