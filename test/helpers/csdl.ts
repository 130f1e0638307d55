import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** A CSDL document as a test reads it: from the XML that a client gets, not from what it was made of. */
export interface Csdl {
  readonly types: ReadonlyMap<string, CsdlType>;
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly operations: readonly CsdlOperation[];
  readonly containers: ReadonlyMap<string, CsdlContainer>;
}

export interface CsdlType {
  readonly kind: 'EntityType' | 'ComplexType';
  readonly base: string | undefined;
  readonly abstract: boolean;
  readonly open: boolean;
  readonly key: readonly string[];
  readonly properties: ReadonlyMap<string, CsdlProperty>;
  readonly navigation: ReadonlyMap<string, CsdlProperty>;
}

export interface CsdlProperty {
  /** Without `Collection(…)`; `graph.` is left out, `Edm.` is not. */
  readonly type: string;
  readonly collection: boolean;
  readonly nullable: boolean;
  readonly contains: boolean;
}

export interface CsdlOperation {
  readonly kind: 'Action' | 'Function';
  readonly name: string;
  readonly bound: CsdlProperty;
  readonly returns: CsdlProperty | undefined;
}

export interface CsdlContainer {
  readonly kind: 'Singleton' | 'EntitySet';
  readonly type: string;
  readonly bindings: ReadonlyMap<string, string>;
}

interface Node {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
}

/** Reads a document; throws for what is not well-formed, has unknown elements or a name twice. */
export function parseCsdl(xml: string): Csdl {
  const valid = XMLValidator.validate(xml);
  if (valid !== true) throw new Error(`not well-formed: ${valid.err.msg} at line ${valid.err.line}`);
  const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' });
  const [, edmx] = nodesOf(parser.parse(xml) as unknown[]);
  if (edmx?.tag !== 'edmx:Edmx' || edmx.attributes['Version'] !== '4.0') throw new Error('not CSDL 4.0');
  const schema = edmx.children[0]?.children[0];
  if (schema?.tag !== 'Schema' || schema.attributes['Alias'] !== 'graph') throw new Error('no schema');
  const types = new Map<string, CsdlType>();
  const enums = new Map<string, ReadonlyMap<string, string>>();
  const operations: CsdlOperation[] = [];
  const containers = new Map<string, CsdlContainer>();
  for (const node of schema.children) {
    const name = nameOf(node);
    if (types.has(name) || enums.has(name)) throw new Error(`${name} is declared twice`);
    if (node.tag === 'EnumType')
      enums.set(
        name,
        named(node.children, 'Member', (member) => String(member.attributes['Value'])),
      );
    else if (node.tag === 'EntityType' || node.tag === 'ComplexType') types.set(name, typeOf(node));
    else if (node.tag === 'Action' || node.tag === 'Function') operations.push(operationOf(node));
    else if (node.tag === 'EntityContainer')
      for (const child of node.children) containers.set(nameOf(child), containerOf(child));
    else throw new Error(`unknown element ${node.tag}`);
  }
  return { types, enums, operations, containers };
}

/** All properties of a type, inherited ones first. */
export function allProperties(csdl: Csdl, name: string): ReadonlyMap<string, CsdlProperty> {
  const type = csdl.types.get(name);
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return new Map([...(type.base === undefined ? [] : allProperties(csdl, type.base)), ...type.properties]);
}

export function allNavigation(csdl: Csdl, name: string): ReadonlyMap<string, CsdlProperty> {
  const type = csdl.types.get(name);
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return new Map([...(type.base === undefined ? [] : allNavigation(csdl, type.base)), ...type.navigation]);
}

/** `Collection(graph.x)` with its nullability. */
export function propertyOf(attributes: Readonly<Record<string, string>>): CsdlProperty {
  const text = attributes['Type'] ?? '';
  const inner = /^Collection\((.+)\)$/.exec(text)?.[1];
  return {
    type: (inner ?? text).replace(/^graph\./, ''),
    collection: inner !== undefined,
    nullable: attributes['Nullable'] !== 'false',
    contains: attributes['ContainsTarget'] === 'true',
  };
}

function typeOf(node: Node): CsdlType {
  const key = node.children.find(({ tag }) => tag === 'Key')?.children ?? [];
  const base = node.attributes['BaseType']?.replace(/^graph\./, '');
  return {
    kind: node.tag === 'EntityType' ? 'EntityType' : 'ComplexType',
    base,
    abstract: node.attributes['Abstract'] === 'true',
    open: node.attributes['OpenType'] === 'true',
    key: key.map(nameOf),
    properties: named(node.children, 'Property', ({ attributes }) => propertyOf(attributes)),
    navigation: named(node.children, 'NavigationProperty', ({ attributes }) => propertyOf(attributes)),
  };
}

function operationOf(node: Node): CsdlOperation {
  const [parameter, returned] = node.children;
  if (node.attributes['IsBound'] !== 'true' || parameter?.tag !== 'Parameter')
    throw new Error(`${nameOf(node)} is bound to nothing`);
  return {
    kind: node.tag === 'Action' ? 'Action' : 'Function',
    name: nameOf(node),
    bound: propertyOf(parameter.attributes),
    returns: returned === undefined ? undefined : propertyOf(returned.attributes),
  };
}

function containerOf(node: Node): CsdlContainer {
  const isSingleton = node.tag === 'Singleton';
  const type = node.attributes[isSingleton ? 'Type' : 'EntityType'] ?? '';
  return {
    kind: isSingleton ? 'Singleton' : 'EntitySet',
    type: type.replace(/^graph\./, ''),
    bindings: new Map(
      node.children.map(({ attributes }) => [String(attributes['Path']), String(attributes['Target'])]),
    ),
  };
}

function named<T>(nodes: readonly Node[], tag: string, read: (node: Node) => T): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const node of nodes) {
    if (node.tag !== tag) continue;
    if (map.has(nameOf(node))) throw new Error(`${nameOf(node)} is declared twice`);
    map.set(nameOf(node), read(node));
  }
  return map;
}

function nameOf(node: Node): string {
  const name = node.attributes['Name'] ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) throw new Error(`${node.tag} has the name "${name}"`);
  return name;
}

function nodesOf(parsed: readonly unknown[]): Node[] {
  return parsed.map((entry) => {
    const { ':@': attributes = {}, ...rest } = entry as Record<string, unknown>;
    const [tag = '', children] = Object.entries(rest)[0] ?? [];
    return {
      tag,
      attributes: attributes as Record<string, string>,
      children: Array.isArray(children) ? nodesOf(children) : [],
    };
  });
}
