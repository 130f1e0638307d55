/** Types of values that `$filter` can compare. `enum` values are written as strings. */
export type ValueType = 'string' | 'boolean' | 'int' | 'date' | 'dateTimeOffset' | 'guid' | 'enum';

/** A property of an entity as clients name it: nested ones by their path (`student/grade`). */
export interface Property {
  /** `complex` and `collection` can be selected, never compared. */
  readonly type: ValueType | 'complex' | 'collection';
  /** Members of an enum. */
  readonly members?: readonly string[];
  /** Whether `$filter`, `$orderby` and `$search` may name it. True unless said otherwise for value types. */
  readonly filterable?: false;
}

/** The one property of an element that is a plain value. */
export const ITSELF = '$it';

/** The properties of one entity type, by path. */
export interface Catalogue {
  /** Qualified name, for messages: `microsoft.graph.educationUser`. */
  readonly typeName: string;
  readonly properties: Readonly<Record<string, Property>>;
  /** What the collections among the properties hold, for `any`: a collection of plain values has the one property `$it`. */
  readonly elements?: Readonly<Record<string, Catalogue>>;
  /** Related objects, for `any` and `$expand`. Functions, since types point at each other. */
  readonly navigations?: Readonly<Record<string, NavigationTarget>>;
  /** Paths that `$search` looks into when it names none. */
  readonly searched?: readonly string[];
}

export interface NavigationTarget {
  readonly target: () => Catalogue;
  /** At most one object is there. */
  readonly single?: true;
  /** False: derived, not stored, so that no filter can look into it. */
  readonly filterable?: false;
}

/** The navigations that `any` takes. */
export function filterableNavigations({
  navigations = {},
}: Catalogue): Readonly<Record<string, NavigationTarget>> {
  return Object.fromEntries(Object.entries(navigations).filter(([, { filterable }]) => filterable !== false));
}

/** The navigation by that name in any case, with its proper spelling. */
export function findNavigation(
  catalogue: Catalogue,
  name: string,
): { readonly name: string; readonly navigation: NavigationTarget } | undefined {
  return findByName(catalogue.navigations ?? {}, name, (known, navigation) => ({ name: known, navigation }));
}

/** What `any` looks into: the elements of a collection, or related objects. */
export function findElements(
  catalogue: Catalogue,
  path: string,
): { readonly path: string; readonly elements: Catalogue } | undefined {
  return (
    findByName(catalogue.elements ?? {}, path, (known, elements) => ({ path: known, elements })) ??
    findByName(filterableNavigations(catalogue), path, (known, { target }) => ({
      path: known,
      elements: target(),
    }))
  );
}

function findByName<T, Found>(
  byName: Readonly<Record<string, T>>,
  name: string,
  found: (known: string, value: T) => Found,
): Found | undefined {
  const lower = name.toLowerCase();
  for (const [known, value] of Object.entries(byName)) {
    if (known.toLowerCase() === lower) return found(known, value);
  }
  return undefined;
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
  return findByName(catalogue.properties, path, (known, property) => ({ path: known, property }));
}
