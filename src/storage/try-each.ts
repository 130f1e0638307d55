import { transientFault } from '#core/run/transient.ts';

import { faultCodesOf } from './database-errors.ts';

/**
 * Does `work` for each item, also when it failed for one before: what is wrong with a row of one tenant keeps no other waiting. A database or a disk that
 * is away ends it at once, since it would be met again by each. `isEnough` is asked before every item.
 * @returns for how many it was done. Throws the first failure once all were tried.
 */
export async function tryEach<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  isEnough: () => boolean = () => false,
): Promise<number> {
  const failures: unknown[] = [];
  let done = 0;
  for (const item of items) {
    if (isEnough()) break;
    try {
      await work(item);
      done += 1;
    } catch (error) {
      if (transientFault(faultCodesOf(error)) !== null) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return done;
}
