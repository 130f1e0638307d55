import type { Finding, FindingCode, FindingCount, Severity } from '../findings.ts';

/** Rows that are left out only because a record they name was dropped: that many in one column of one file. */
export interface DependantCount {
  /** Why the record was dropped, at the root of the chain; null: not known, since only so many records are remembered. */
  readonly code: FindingCode | null;
  readonly file: string;
  readonly field: string;
  readonly rowCount: number;
}

export interface FindingPlace {
  readonly file: string;
  /** Empty: the row or the file as a whole. */
  readonly field: string;
  readonly rowCount: number;
  /** The first ones, in the order of the file. */
  readonly examples: readonly Finding[];
}

/** All findings of one severity and code: a person repairs them in one go. */
export interface FindingGroup {
  readonly severity: Severity;
  readonly code: FindingCode;
  readonly rowCount: number;
  /** Most rows first. */
  readonly places: readonly FindingPlace[];
  /** What the records dropped for this code take with them. */
  readonly dependants: readonly Omit<DependantCount, 'code'>[];
}

export const SEVERITIES: readonly Severity[] = ['fatal', 'error', 'warning', 'information'];

/**
 * Groups findings by severity and code, the worst and most frequent first. Counts are exact; at most `exampleCount` of the
 * kept findings are shown in each group, and every place has its turn. Rows that wait for a dropped record
 * are listed under the code that dropped it, and no second time by themselves.
 */
export function groupFindings(
  counts: readonly FindingCount[],
  kept: readonly Finding[],
  dependants: readonly DependantCount[],
  exampleCount: number,
): FindingGroup[] {
  const keptByPlace = firstByPlace(kept, exampleCount);
  const groups = Map.groupBy(
    withoutExplained(counts, dependants),
    ({ severity, code }) => `${severity} ${code}`,
  );
  return [...groups.values()]
    .flatMap((members) => {
      const [first] = members;
      if (first === undefined) return [];
      const { severity, code } = first;
      const places = members.toSorted((a, b) => b.rowCount - a.rowCount || comparePlaces(a, b));
      const found = places.map((place) => keptByPlace.get(placeKey(place)) ?? []);
      const shares = shareOut(
        found.map(({ length }) => length),
        exampleCount,
      );
      return {
        severity,
        code,
        rowCount: sumRows(members),
        places: places.map(({ file, field, rowCount }, index) => ({
          file,
          field,
          rowCount,
          examples: (found[index] ?? []).slice(0, shares[index]),
        })),
        dependants:
          severity === 'error'
            ? dependants
                .filter((dependant) => dependant.code === code)
                .map(({ file, field, rowCount }) => ({ file, field, rowCount }))
                .toSorted((a, b) => b.rowCount - a.rowCount || comparePlaces(a, b))
            : [],
      };
    })
    .toSorted(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.rowCount - a.rowCount ||
        compare(a.code, b.code),
    );
}

/** The counts without those rows that are told under the record they wait for. */
function withoutExplained(
  counts: readonly FindingCount[],
  dependants: readonly DependantCount[],
): FindingCount[] {
  return counts.flatMap((count) => {
    if (count.code !== 'REFERENCE_DROPPED') return count;
    const explained = sumRows(
      dependants.filter(
        ({ code, file, field }) => code !== null && file === count.file && field === count.field,
      ),
    );
    const rowCount = count.rowCount - explained;
    return rowCount > 0 ? { ...count, rowCount } : [];
  });
}

function firstByPlace(kept: readonly Finding[], most: number): Map<string, Finding[]> {
  const byPlace = new Map<string, Finding[]>();
  for (const finding of kept) {
    const key = placeKey({ ...finding, field: finding.field ?? '' });
    const found = byPlace.get(key);
    if (found === undefined) byPlace.set(key, [finding]);
    else if (found.length < most) found.push(finding);
  }
  return byPlace;
}

/** Deals `total` out in turns, to nobody more than there is. */
function shareOut(available: readonly number[], total: number): number[] {
  const shares = available.map(() => 0);
  let left = Math.min(
    total,
    available.reduce((sum, count) => sum + count, 0),
  );
  while (left > 0) {
    for (const [index, count] of available.entries()) {
      if (left === 0 || (shares[index] ?? 0) >= count) continue;
      shares[index] = (shares[index] ?? 0) + 1;
      left -= 1;
    }
  }
  return shares;
}

function placeKey({ file, code, field, severity }: Omit<FindingCount, 'rowCount'>): string {
  return [severity, code, file, field].join('\n');
}

export function sumRows(counts: readonly { readonly rowCount: number }[]): number {
  return counts.reduce((sum, { rowCount }) => sum + rowCount, 0);
}

interface Place {
  readonly file: string;
  readonly field: string;
}

function comparePlaces(a: Place, b: Place): number {
  return compare(a.file, b.file) || compare(a.field, b.field);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
