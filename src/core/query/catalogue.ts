/** Types of values that `$filter` can compare. `enum` values are written as strings. */
export type ValueType = 'string' | 'boolean' | 'int' | 'date' | 'dateTimeOffset' | 'guid' | 'enum';

/** A property of an entity as clients name it: nested ones by their path (`student/grade`). */
export interface Property {
  /** `complex` and `collection` can be selected, never compared. */
  readonly type: ValueType | 'complex' | 'collection';
  /** Members of an enum. */
  readonly members?: readonly string[];
  /** Whether `$filter` may name it. True unless said otherwise for value types. */
  readonly filterable?: false;
  /** Whether `$orderby` may name it. */
  readonly orderable?: true;
}

/** The properties of one entity type, by path. */
export interface Catalogue {
  /** Qualified name, for messages: `microsoft.graph.educationUser`. */
  readonly typeName: string;
  readonly properties: Readonly<Record<string, Property>>;
}

/** The property by that path in any case (Graph's directory does not mind), with its proper spelling. */
export function findProperty(
  catalogue: Catalogue,
  path: string,
): { readonly path: string; readonly property: Property } | undefined {
  if (Object.hasOwn(catalogue.properties, path)) {
    const property = catalogue.properties[path];
    if (property !== undefined) return { path, property };
  }
  const lower = path.toLowerCase();
  for (const [known, property] of Object.entries(catalogue.properties)) {
    if (known.toLowerCase() === lower) return { path: known, property };
  }
  return undefined;
}
