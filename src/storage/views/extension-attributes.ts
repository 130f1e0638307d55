import { text, type ViewProperty } from './view.ts';

/** The application that School Data Sync registered its directory extensions under, in every tenant. */
const PREFIX = 'extension_fe2174665583431c953114ff7268b7b3_Education_';

/** Directory extensions by the last part of their name: what other readers know as School Data Sync's attributes. All are text. */
export function extensionAttributes(
  sqlBySuffix: Readonly<Record<string, string>>,
): Record<string, ViewProperty> {
  return Object.fromEntries(
    Object.entries(sqlBySuffix).map(([suffix, sql]) => [`${PREFIX}${suffix}`, text(sql)]),
  );
}

/** Sync or hand: in the words of the attribute. */
export function syncSource(column: string): string {
  return `case ${column} when 'manual' then 'Manual' else 'SIS' end`;
}

/** A date as the attributes have it: text. */
export function dateText(column: string): string {
  return `to_char(${column}, 'YYYY-MM-DD')`;
}

/** Parts of an address among the attributes of a person, under each of the two spellings that readers know. */
export function addressAttributes(suffixes: readonly string[], property: string): Record<string, string> {
  const parts = ['Address', 'City', 'State', 'Zip', 'Latitude', 'Longitude', 'Country'];
  return Object.fromEntries(
    suffixes.flatMap((suffix) =>
      parts.map((part) => [`${suffix}${part}`, `p.attributes ->> '${property}${part}'`]),
    ),
  );
}
