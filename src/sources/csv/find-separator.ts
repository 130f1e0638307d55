import { titlesOf } from './bind-header.ts';
import { CSV_LIMITS, CsvReader, declaredSeparator, type Separator } from './csv-reader.ts';
import { type FileDefinition, looseTitle } from './format.ts';

export interface FoundSeparator {
  readonly separator: Separator;
  /** Why nobody can tell how the header line is to be split; null: it can be told. */
  readonly problem: string | null;
}

export const SEPARATOR_NAMES: Readonly<Record<Separator, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
};

export const SEPARATORS: readonly Separator[] = [',', ';', '\t'];
/** The head is split in pieces, since most of it are rows. */
const PIECE_BYTES = 4096;

/**
 * The separator that the first line names (`sep=;`), else that under which the header line has the required columns. When it has them under none, the one under which it
 * has most columns of the format: binding the header then says what is missing. @param head the beginning of the file, UTF-8.
 */
export function findSeparator(head: Buffer, file: FileDefinition): FoundSeparator {
  const declared = declaredSeparator(head);
  if (declared !== null) {
    const separator = SEPARATORS.find((known) => known === declared);
    if (separator !== undefined) return { separator, problem: null };
    const problem = `the line above says that columns are separated by "${declared}"; separate them by commas, semicolons or tabs`;
    return { separator: ',', problem };
  }
  const required = file.columns.filter((column) => column.required === 'always');
  const known = new Set(file.columns.map(({ title }) => looseTitle(title)));
  const tried = SEPARATORS.map((separator) => {
    const titles = (readTitles(head, separator) ?? []).map(looseTitle);
    // One title alone is the same under each separator.
    const isSplit = separator === ',' || titles.length > 1;
    return {
      separator,
      titles,
      complete: isSplit && required.every(({ title }) => titles.includes(looseTitle(title))),
      knownCount: isSplit ? titles.filter((title) => known.has(title)).length : 0,
    };
  });
  const complete = tried.filter((one) => one.complete);
  if (complete.length > 1) {
    const names = complete.map(({ separator }) => SEPARATOR_NAMES[separator]).join(' and by ');
    return {
      separator: ',',
      problem: `its columns may be separated by ${names}, and nobody can tell which`,
    };
  }
  const [best = tried[0]] = complete.length > 0 ? complete : tried.toSorted(byKnownCount);
  if (best === undefined || best.knownCount > 1) return { separator: best?.separator ?? ',', problem: null };
  const barred = tried[0]?.titles.join(',').split('|') ?? [];
  const problem =
    barred.filter((title) => known.has(looseTitle(title))).length > 1
      ? 'its columns are separated by vertical bars; separate them by commas, semicolons or tabs'
      : null;
  return { separator: ',', problem };
}

/** The sort is stable: with equal counts commas stay first. */
function byKnownCount(a: { readonly knownCount: number }, b: { readonly knownCount: number }): number {
  return b.knownCount - a.knownCount;
}

/** The titles of the first row that is not blank; null: there is none, or it is broken. */
export function readTitles(head: Buffer, separator: Separator): string[] | null {
  let titles: string[] | null | undefined;
  const reader = new CsvReader(
    (row) => {
      if (titles === undefined) titles = row.fault === null ? titlesOf(row) : null;
    },
    CSV_LIMITS,
    separator,
  );
  for (let at = 0; at < head.length && titles === undefined; at += PIECE_BYTES)
    // A copy: the reader undoes doubled quotes in place.
    reader.push(Buffer.from(head.subarray(at, at + PIECE_BYTES)));
  if (titles === undefined) reader.end();
  return titles ?? null;
}
