/** Levels of objects and arrays; a profile has six. */
const MAX_DEPTH = 32;
const MAX_SHOWN_PATH = 128;

export interface JsonFault {
  readonly message: string;
  /** The property at fault, for instance `dataProvider.schoolsIds[2]`; undefined: the body. */
  readonly path: string | undefined;
}

/**
 * What is wrong with a parsed JSON value whatever it is meant to be, or undefined: a property `__proto__`; a text with U+0000 or
 * with half a surrogate pair, which no database takes as they are; nesting that would exhaust the stack of whoever walks
 * it. Without recursion itself.
 */
export function faultOfJson(root: unknown): JsonFault | undefined {
  if (typeof root === 'string') return faultOfText(root, '');
  if (typeof root !== 'object' || root === null) return undefined;
  const waiting: { readonly value: object; readonly path: string; readonly depth: number }[] = [
    { value: root, path: '', depth: 1 },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path, depth } = next;
    if (depth > MAX_DEPTH)
      return {
        message: `The body has more than ${MAX_DEPTH} levels of objects and arrays.`,
        path: undefined,
      };
    const isArray = Array.isArray(value);
    for (const [key, child] of Object.entries(value) as [string, unknown][]) {
      if (key === '__proto__')
        return { message: 'The property "__proto__" is not allowed.', path: undefined };
      if (!isArray && faultOfText(key, '') !== undefined)
        return { message: 'The name of a property holds a character that no name has.', path: undefined };
      const childPath = isArray ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      if (typeof child === 'string') {
        const fault = faultOfText(child, childPath);
        if (fault !== undefined) return fault;
      } else if (typeof child === 'object' && child !== null)
        waiting.push({ value: child, path: childPath, depth: depth + 1 });
    }
  }
  return undefined;
}

function faultOfText(text: string, path: string): JsonFault | undefined {
  const fault = text.includes('\u0000')
    ? 'The text holds the character U+0000.'
    : text.isWellFormed()
      ? undefined
      : 'The text holds half of a surrogate pair, which is no character.';
  if (fault === undefined) return undefined;
  const shown = path.slice(0, MAX_SHOWN_PATH);
  return shown === '' ? { message: fault, path: undefined } : { message: `${shown}: ${fault}`, path: shown };
}
