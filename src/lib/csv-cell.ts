/** Quoted where needed; what a spreadsheet would take for a formula, in the wide letters of East Asia too, gets an apostrophe in front. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  const safe = typeof value === 'string' && hasFormulaGuard(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Whether csvCell puts an apostrophe in front. */
export function hasFormulaGuard(text: string): boolean {
  return /^[=+\-@＝＋－＠\t\r\n]/u.test(text);
}
