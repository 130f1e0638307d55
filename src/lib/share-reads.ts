/**
 * `read`, asked once for all who want the same: while a read is under way, all who ask for the same names wait for the next one and
 * share it. No answer is older than its question, and however many ask, there is one read of it at a time.
 */
export function shareReads<Names extends readonly string[], T>(
  read: (...names: Names) => Promise<T>,
): (...names: Names) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  const waiting = new Map<string, Promise<T>>();
  return (...names) => {
    const key = JSON.stringify(names);
    const begin = (): Promise<T> => {
      waiting.delete(key);
      const reading = read(...names).finally(() => running.delete(key));
      running.set(key, reading);
      return reading;
    };
    const next = waiting.get(key);
    if (next !== undefined) return next;
    const current = running.get(key);
    if (current === undefined) return begin();
    const following = current.then(begin, begin);
    waiting.set(key, following);
    return following;
  };
}
