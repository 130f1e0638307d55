/** The files of a format, by their names in lower case. */
export interface RosterFileSet {
  /** Without these it is no whole roster. */
  readonly required: readonly string[];
  /** These and those that may come along. */
  readonly all: readonly string[];
}

/**
 * Whether the names hold all that a format requires, and no file that only another format has: four files of SDS V2 are among those of SDS V2.1, and
 * the rest of that may still be on its way.
 */
export function isWholeRoster(names: ReadonlySet<string>, fileSets: readonly RosterFileSet[]): boolean {
  const ofFormats = new Set(fileSets.flatMap(({ all }) => all));
  return fileSets.some(
    ({ required, all }) =>
      required.every((name) => names.has(name)) &&
      [...names].every((name) => !ofFormats.has(name) || all.includes(name)),
  );
}

/** Of the sets the one of which most are there; of several the first that has all it requires. */
export function likeliestFileSet(
  names: ReadonlySet<string>,
  fileSets: readonly RosterFileSet[],
): RosterFileSet | undefined {
  const there = (files: readonly string[]): number => files.filter((file) => names.has(file)).length;
  const isComplete = ({ required }: RosterFileSet): number => (there(required) === required.length ? 1 : 0);
  return fileSets.toSorted((a, b) => there(b.all) - there(a.all) || isComplete(b) - isComplete(a))[0];
}
