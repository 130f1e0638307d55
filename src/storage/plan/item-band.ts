import { ENDINGS_BAND_START, ITEM_BAND, type Kind, KINDS } from '#core/roster/kinds.ts';

/**
 * Conditions on the number of a plan item (`item`: its alias): in the band of a kind, or in those of neighbours from the first to the last;
 * and among the endings. The kind says the same, but with the number PostgreSQL reads these items alone, by their key.
 */
export function inBand(item: string, first: Kind, last = first): string {
  const start = KINDS.indexOf(first) * ITEM_BAND;
  const end = (KINDS.indexOf(last) + 1) * ITEM_BAND;
  return `${item}.item_no >= ${start} and ${item}.item_no < ${end}`;
}

export function inEndings(item: string): string {
  return `${item}.item_no >= ${ENDINGS_BAND_START}`;
}
