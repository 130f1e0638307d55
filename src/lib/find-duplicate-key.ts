/**
 * The first property name that stands twice in one object of a JSON text; undefined when there is none. The text must be valid
 * JSON. One pass, no recursion: depth costs memory only.
 */
export function findDuplicateKey(text: string): string | undefined {
  /** One entry per open object (its names so far) or array (null). */
  const open: (Set<string> | null)[] = [];
  /** The next string is a name. */
  let nameNext = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '{') {
      open.push(new Set());
      nameNext = true;
    } else if (char === '[') {
      open.push(null);
      nameNext = false;
    } else if (char === '}' || char === ']') {
      open.pop();
      nameNext = false;
    } else if (char === ',') {
      nameNext = open.at(-1) instanceof Set;
    } else if (char === '"') {
      const end = endOfString(text, index);
      if (nameNext) {
        const names = open.at(-1);
        const name = String(JSON.parse(text.slice(index, end + 1)));
        if (names?.has(name)) return name;
        names?.add(name);
        nameNext = false;
      }
      index = end;
    }
  }
  return undefined;
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}
