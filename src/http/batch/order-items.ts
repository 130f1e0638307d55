import { InvalidRequestError } from '#lib/errors.ts';

/** What the order of a batch is about. `dependsOn` in lower case. */
export interface OrderedItem {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/**
 * The items so that each comes after those it depends on, otherwise as they were sent. Errors: InvalidRequestError for an id that
 * no item has, and for items that wait for each other.
 */
export function orderItems<Item extends OrderedItem>(items: readonly Item[]): Item[] {
  const known = new Set(items.map(({ id }) => id.toLowerCase()));
  for (const [index, { dependsOn }] of items.entries()) {
    const unknown = dependsOn.find((id) => !known.has(id));
    if (unknown === undefined) continue;
    const path = `requests[${index}].dependsOn`;
    throw new InvalidRequestError(`${path}: No request of this batch has the id "${unknown}".`, path);
  }
  const ordered: Item[] = [];
  const done = new Set<string>();
  let waiting = [...items];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
    if (ready.length === 0) {
      const ids = waiting.map(({ id }) => `"${id}"`).join(', ');
      throw new InvalidRequestError(`dependsOn: These requests wait for each other: ${ids}.`, 'requests');
    }
    for (const item of ready) done.add(item.id.toLowerCase());
    ordered.push(...ready);
    waiting = waiting.filter(({ id }) => !done.has(id.toLowerCase()));
  }
  return ordered;
}

/**
 * Handles items in their order (orderItems), so many at a time; an item begins when those it depends on have ended. Answers come
 * back in the order of the items. Errors: that of the first item whose handling threw; no further item begins then.
 */
export async function runInOrder<Item extends OrderedItem, Answer>(
  items: readonly Item[],
  most: number,
  handle: (item: Item, dependencies: readonly Answer[]) => Promise<Answer>,
): Promise<Answer[]> {
  const answers = new Map<string, Promise<Answer>>();
  const slots: (() => void)[] = [];
  let free = most;
  let failure: { readonly error: unknown } | undefined;
  const takeSlot = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => slots.push(resolve));
  };
  const giveSlot = (): void => {
    const next = slots.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const run = async (item: Item): Promise<Answer> => {
    const dependencies = await Promise.all(item.dependsOn.flatMap((id) => answers.get(id) ?? []));
    await takeSlot();
    try {
      if (failure !== undefined) throw failure.error;
      return await handle(item, dependencies);
    } catch (error) {
      failure ??= { error };
      throw error;
    } finally {
      giveSlot();
    }
  };
  for (const item of items) answers.set(item.id.toLowerCase(), run(item));
  await Promise.allSettled(answers.values());
  if (failure !== undefined) throw failure.error;
  return Promise.all(answers.values());
}
