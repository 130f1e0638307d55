import type { ComplexType, Container, EntityType, EnumType, Model, Operation, Properties } from './model.ts';

const NAMESPACE = 'microsoft.graph';
const EDMX = 'http://docs.oasis-open.org/odata/ns/edmx';
const EDM = 'http://docs.oasis-open.org/odata/ns/edm';

/** Attributes without a value are left out. */
type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** The model as a CSDL 4.0 document (OData CSDL XML 4.0), in the namespace microsoft.graph with the alias graph. */
export function csdlXml(model: Required<Model>): string {
  const schema = [
    ...Object.entries(model.enumTypes).map(enumType),
    ...Object.entries(model.entityTypes).map(entityType),
    ...Object.entries(model.complexTypes).map(complexType),
    ...model.operations.map(operation),
    element('EntityContainer', { Name: 'GraphService' }, Object.entries(model.containers).map(container)),
  ];
  const document = element('edmx:Edmx', { Version: '4.0', 'xmlns:edmx': EDMX }, [
    element('edmx:DataServices', {}, [
      element('Schema', { Namespace: NAMESPACE, Alias: 'graph', xmlns: EDM }, schema),
    ]),
  ]);
  return `<?xml version="1.0" encoding="utf-8"?>\n${document}\n`;
}

function enumType([name, members]: [string, EnumType]): string {
  const children = Object.entries(members).map(([member, value]) =>
    element('Member', { Name: member, Value: String(value) }),
  );
  return element('EnumType', { Name: name }, children);
}

function entityType([name, type]: [string, EntityType]): string {
  const key =
    type.key === undefined ? [] : [element('Key', {}, [element('PropertyRef', { Name: type.key })])];
  return element('EntityType', { Name: name, BaseType: type.base, Abstract: type.abstract }, [
    ...key,
    ...properties('Property', type.properties),
    ...properties('NavigationProperty', type.navigation),
    ...properties('NavigationProperty', type.contained, { ContainsTarget: true }),
  ]);
}

function complexType([name, type]: [string, ComplexType]): string {
  const attributes = { Name: name, BaseType: type.base, Abstract: type.abstract, OpenType: type.open };
  return element('ComplexType', attributes, properties('Property', type.properties));
}

function properties(tag: string, types: Properties = {}, more: Attributes = {}): string[] {
  return Object.entries(types).map(([name, type]) => element(tag, { Name: name, ...typed(type), ...more }));
}

function operation({ kind, name, bound, returns, ascii }: Operation): string {
  return element(kind, { Name: name, IsBound: true }, [
    element('Parameter', { Name: 'bindingParameter', ...typed(bound) }),
    ...(returns === undefined
      ? []
      : [element('ReturnType', { ...typed(returns), ...(ascii ? { Unicode: false } : {}) })]),
  ]);
}

function container([name, { kind, type, bindings = {} }]: [string, Container]): string {
  const children = Object.entries(bindings).map(([path, target]) =>
    element('NavigationPropertyBinding', { Path: path, Target: target }),
  );
  return element(kind, { Name: name, [kind === 'Singleton' ? 'Type' : 'EntityType']: type }, children);
}

/** `Edm.String!`: never null. */
function typed(type: string): Attributes {
  return type.endsWith('!') ? { Type: type.slice(0, -1), Nullable: false } : { Type: type };
}

function element(tag: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${tag}${written}/>` : `<${tag}${written}>${children.join('')}</${tag}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
