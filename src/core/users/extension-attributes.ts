/** What an account has for a school authority's own use: Graph's onPremisesExtensionAttributes. */
export const EXTENSION_ATTRIBUTES = [
  'extensionAttribute1',
  'extensionAttribute2',
  'extensionAttribute3',
  'extensionAttribute4',
  'extensionAttribute5',
  'extensionAttribute6',
  'extensionAttribute7',
  'extensionAttribute8',
  'extensionAttribute9',
  'extensionAttribute10',
  'extensionAttribute11',
  'extensionAttribute12',
  'extensionAttribute13',
  'extensionAttribute14',
  'extensionAttribute15',
] as const;
export type ExtensionAttribute = (typeof EXTENSION_ATTRIBUTES)[number];

export const MAX_EXTENSION_ATTRIBUTE_LENGTH = 1_024;

/** Those of an object that has other properties, too. */
export function extensionAttributesOf(
  values: Readonly<Partial<Record<ExtensionAttribute, string>>>,
): Partial<Record<ExtensionAttribute, string>> {
  return Object.fromEntries(
    EXTENSION_ATTRIBUTES.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  );
}
