import type { System } from '#lib/system.ts';

/** Slows down guessing: so many failures per key and window, then nothing more until the window ends. */
export interface FailureBrake {
  /** Seconds to wait; 0: go on. */
  waitSeconds(key: string): number;
  recordFailure(key: string): void;
}

const MOST_KEYS = 20_000;

export function failureBrake(
  system: Pick<System, 'now'>,
  options: { readonly failures: number; readonly windowSeconds: number },
): FailureBrake {
  const entries = new Map<string, { failures: number; readonly endsAt: number }>();
  const current = (key: string): { failures: number; readonly endsAt: number } | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.endsAt > system.now().getTime()) return entry;
    entries.delete(key);
    return undefined;
  };
  return {
    waitSeconds(key) {
      const entry = current(key);
      if (entry === undefined || entry.failures < options.failures) return 0;
      return Math.max(1, Math.ceil((entry.endsAt - system.now().getTime()) / 1_000));
    },
    recordFailure(key) {
      const entry = current(key);
      if (entry !== undefined) {
        entry.failures += 1;
        return;
      }
      // Oldest first: a flood of keys costs the flooder its own entries' memory, never the process's.
      if (entries.size >= MOST_KEYS)
        for (const oldest of [...entries.keys()].slice(0, 1_000)) entries.delete(oldest);
      entries.set(key, { failures: 1, endsAt: system.now().getTime() + options.windowSeconds * 1_000 });
    },
  };
}
