import { NO_ENTRY, type StagedItem } from './staged-item.ts';
import type { RecordIndex } from './snapshot/record-index.ts';

/** Takes the plan items of a stage, in no order but their numbers'. */
export interface ItemSink {
  /** Synchronous, since a row yields up to six; the item is the sink's to keep. */
  add(item: StagedItem): void;
  /** Waits until what was added is on its way: called after each chunk, so that memory stays bounded. */
  drain(): Promise<void>;
  /** A fault makes the items useless: what was added is thrown away, no more comes. */
  discard(): void;
}

/** For `validate`: nobody wants the items. */
export const noItems: ItemSink = {
  add: () => undefined,
  drain: () => Promise.resolve(),
  discard: () => undefined,
};

/** An item as its row in plan_item shows it. */
export interface ShownItem extends Omit<
  StagedItem,
  'code' | 'entry' | 'firstEntry' | 'secondEntry' | 'thirdEntry' | 'after' | 'secret'
> {
  readonly key: string;
  readonly content: string | null;
  readonly firstKey: string | null;
  readonly secondKey: string | null;
  readonly thirdKey: string | null;
  readonly after: unknown;
  readonly hasSecret: boolean;
}

/** Keeps the items, for tests. */
export function memoryItems(index: RecordIndex): ItemSink & { readonly items: readonly ShownItem[] } {
  const items: ShownItem[] = [];
  const keyOf = (entry: number): string | null => (entry === NO_ENTRY ? null : index.uuid(entry));
  return {
    items,
    add(item) {
      const { code: _, entry, firstEntry, secondEntry, thirdEntry, after, secret, ...rest } = item;
      items.push({
        ...rest,
        key: index.uuid(entry),
        content: item.action === 'end' ? null : index.contentNumber(entry).toString(),
        firstKey: keyOf(firstEntry),
        secondKey: keyOf(secondEntry),
        thirdKey: keyOf(thirdEntry),
        after: after === null ? null : JSON.parse(after),
        hasSecret: secret !== null,
      });
    },
    drain: () => Promise.resolve(),
    discard() {
      items.length = 0;
    },
  };
}
