/**
 * `@odata.type` of the profile's abstract types. Clients of all ages write it in different ways: with or
 * without `#`, in any case, in the namespace microsoft.graph or Microsoft.Education.DataSync, with or without `education` in
 * front. All are read; `#microsoft.graph.education…` is written.
 */
const PREFIXES = ['microsoft.graph.', 'microsoft.education.datasync.'];

/** The name without its decorations, lower case: `csvdataprovider` for `#microsoft.graph.educationCsvDataProvider`. */
export function plainTypeName(odataType: string): string {
  const name = odataType.trim().replace(/^#/u, '').toLowerCase();
  const prefix = PREFIXES.find((candidate) => name.startsWith(candidate)) ?? '';
  return name.slice(prefix.length).replace(/^education/u, '');
}

/** `#microsoft.graph.educationCsvDataProvider` for `educationCsvDataProvider`. */
export function fullTypeName(name: string): string {
  return `#microsoft.graph.${name}`;
}

/** As Graph says it. */
export function invalidTypeMessage(odataType: string, expected: readonly string[]): string {
  return `Invalid OData type specified: "${odataType.slice(0, 128)}". Use ${expected.map(fullTypeName).join(', or ')}.`;
}
