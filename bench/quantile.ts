/** The value that a share of all values does not exceed: 0.5 is the median. 0 of no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The one in the middle by `of`. Throws when there is none. */
export function medianBy<T>(measures: readonly T[], of: (measure: T) => number): T {
  const middle = measures.toSorted((a, b) => of(a) - of(b))[Math.floor(measures.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
