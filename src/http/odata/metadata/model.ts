/**
 * A type as CSDL names it: `Edm.String`, `graph.educationCourse`, `Collection(graph.educationUser)`. With `!` behind it: never null
 * (of a collection: none of its items).
 */
export type TypeText = string;
export type Properties = Readonly<Record<string, TypeText>>;

export interface EntityType {
  readonly base?: string;
  readonly abstract?: true;
  /** Name of the key property; most inherit that of `entity`. */
  readonly key?: string;
  readonly properties?: Properties;
  /** Navigation to objects of other sets. */
  readonly navigation?: Properties;
  /** Navigation to objects that exist only below this one. */
  readonly contained?: Properties;
}

export interface ComplexType {
  readonly base?: string;
  readonly abstract?: true;
  readonly open?: true;
  readonly properties?: Properties;
}

/** Values by member. */
export type EnumType = Readonly<Record<string, number>>;

/** An action or function that is called behind an object or a collection. */
export interface Operation {
  readonly kind: 'Action' | 'Function';
  readonly name: string;
  readonly bound: TypeText;
  readonly returns?: TypeText;
  /** The text returned is ASCII. */
  readonly ascii?: true;
}

/** Something at the root of a version: a singleton or a set. */
export interface Container {
  readonly kind: 'Singleton' | 'EntitySet';
  readonly type: string;
  /** Where navigation leads: path of the navigation to path of the set. */
  readonly bindings?: Readonly<Record<string, string>>;
}

/** What a version serves, or a part of it. By name. */
export interface Model {
  readonly entityTypes?: Readonly<Record<string, EntityType>>;
  readonly complexTypes?: Readonly<Record<string, ComplexType>>;
  readonly enumTypes?: Readonly<Record<string, EnumType>>;
  readonly operations?: readonly Operation[];
  readonly containers?: Readonly<Record<string, Container>>;
}

/**
 * One model of several parts. What stands in more than one is put together, so that a part can add a navigation property, a binding
 * or an enum member to another part's.
 */
export function mergeModels(parts: readonly Model[]): Required<Model> {
  return {
    entityTypes: mergeNamed(parts.map((part) => part.entityTypes)),
    complexTypes: mergeNamed(parts.map((part) => part.complexTypes)),
    enumTypes: mergeNamed(parts.map((part) => part.enumTypes)),
    operations: parts.flatMap((part) => part.operations ?? []),
    containers: mergeNamed(parts.map((part) => part.containers)),
  };
}

function mergeNamed<T extends object>(
  parts: readonly (Readonly<Record<string, T>> | undefined)[],
): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const part of parts)
    for (const [name, value] of Object.entries(part ?? {})) {
      const before = merged[name];
      merged[name] = before === undefined ? value : mergeTwo(before, value);
    }
  return merged;
}

/** Members of both; those that are objects in both are put together in turn. */
function mergeTwo<T extends object>(before: T, more: T): T {
  const merged = { ...before } as Record<string, unknown>;
  for (const [name, value] of Object.entries(more) as [string, unknown][]) {
    const known = merged[name];
    merged[name] =
      typeof known === 'object' && known !== null && typeof value === 'object' && value !== null
        ? { ...known, ...value }
        : value;
  }
  return merged as T;
}
