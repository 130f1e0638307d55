/** What a JSON file holds; editors and shells of Windows put a byte order mark in front. Throws SyntaxError. */
export function jsonOf(text: string): unknown {
  return JSON.parse(text.replace(/^\ufeff/u, ''));
}
