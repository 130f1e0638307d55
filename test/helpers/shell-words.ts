/** The words of a command line as a POSIX shell reads them: single quotes and backslashes only, as Rollbook prints them. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.trim().matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/gu)) {
    words.push(
      match[0].replaceAll(
        /'([^']*)'|\\(.)/gu,
        (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? '',
      ),
    );
  }
  return words;
}
