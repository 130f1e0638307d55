/** Whether it is an IANA time zone name that this system knows. Offsets such as `+02:00` are not: they have no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Three letters that are a name in the IANA database and mean one zone with its summer time. */
const UNAMBIGUOUS = new Set(['UTC', 'UCT', 'GMT', 'CET', 'EET', 'MET', 'WET', 'PRC', 'ROC', 'ROK']);

/**
 * The zone that this system takes an abbreviation for that means several, or none with a summer time: CST is Chicago, and not Shanghai; EST is Panama.
 * Null: the name is none of these.
 */
export function guessedZone(name: string): string | null {
  if (!/^[A-Z]{3}$/iu.test(name) || UNAMBIGUOUS.has(name.toUpperCase()) || !isTimeZone(name)) return null;
  return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
}
