/** $metadata says what is served: valid CSDL, in step with the views and with what answers hold. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { PROFILE, PROFILE_STATUS } from '#http/graph/profiles/profile-catalogue.ts';
import { PROFILE_VIEW, RECORD_ERROR_VIEW } from '#storage/profiles/profile-views.ts';
import { directoryViews } from '#storage/views/directory-views.ts';
import type { View, ViewVersion } from '#storage/views/view.ts';
import { allNavigation, allProperties, parseCsdl, type Csdl, type CsdlProperty } from '#test/helpers/csdl.ts';
import { csvProfileBody } from '#test/helpers/profile-server.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

const VERSIONS = ['v1.0', 'beta'] as const;
const PERMISSIONS = ['EduRoster.ReadWrite.All', 'EduAdministration.ReadWrite.All'];
const PRIMITIVES = new Set([
  'Edm.Boolean',
  'Edm.Date',
  'Edm.DateTimeOffset',
  'Edm.Guid',
  'Edm.Int32',
  'Edm.Int64',
  'Edm.String',
]);

let server: RosterServer;
let seeded: SeededDirectory;
const documents = {} as Record<ViewVersion, Csdl>;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
  for (const version of VERSIONS) {
    const response = await fetch(`${server.baseUrl}/${version}/$metadata`);
    documents[version] = parseCsdl(await response.text());
  }
});
after(() => server.close());

const get = async (path: string) => {
  const answer = await server.call(path, { permissions: PERMISSIONS });
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer;
};

test('the documents need no token, and say what they are', async () => {
  for (const version of VERSIONS) {
    const response = await fetch(`${server.baseUrl}/${version}/$metadata`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/xml');
    assert.equal(response.headers.get('odata-version'), '4.0');
    assert.equal((await fetch(`${server.baseUrl}/${version}/%24METADATA`)).status, 200);
    const service = await fetch(`${server.baseUrl}/${version}`);
    assert.deepEqual(await service.json(), {
      '@odata.context': `${server.baseUrl}/${version}/$metadata`,
      value: [
        { name: 'education', kind: 'Singleton', url: 'education' },
        { name: 'users', kind: 'EntitySet', url: 'users' },
        { name: 'groups', kind: 'EntitySet', url: 'groups' },
        { name: 'organization', kind: 'EntitySet', url: 'organization' },
        { name: 'subscribedSkus', kind: 'EntitySet', url: 'subscribedSkus' },
        { name: 'directory', kind: 'Singleton', url: 'directory' },
      ],
    });
  }
});

test('they come inside a batch too, as text', async () => {
  const requests = [{ id: '1', method: 'GET', url: '/$metadata' }];
  const { body } = await server.call('/v1.0/$batch', { body: { requests } });
  assert.equal(parseCsdl(body.responses[0].body).types.size, documents['v1.0'].types.size);
});

for (const version of VERSIONS)
  describe(`${version}: references`, () => {
    test('every type that is named is declared, and every one declared is named', () => {
      const csdl = documents[version];
      const declared = new Set([...csdl.types.keys(), ...csdl.enums.keys()]);
      const named = new Set<string>();
      for (const [name, type] of csdl.types) {
        if (type.base !== undefined) {
          named.add(type.base);
          assert.equal(csdl.types.get(type.base)?.kind, type.kind, name);
        }
        for (const [, property] of [...type.properties, ...type.navigation]) named.add(property.type);
      }
      for (const { bound, returns } of csdl.operations)
        for (const each of [bound, returns]) if (each !== undefined) named.add(each.type);
      for (const { type } of csdl.containers.values()) named.add(type);
      const unknown = [...named].filter((type) => !declared.has(type) && !PRIMITIVES.has(type));
      assert.deepEqual(unknown, []);
      const derived = [...csdl.types].filter(([, { base }]) => base !== undefined).map(([name]) => name);
      const unused = [...declared].filter((name) => !named.has(name) && !derived.includes(name));
      assert.deepEqual(unused, []);
    });

    test('navigation leads to entity types, properties do not; names are not inherited twice', () => {
      const csdl = documents[version];
      const entity = (name: string): boolean => csdl.types.get(name)?.kind === 'EntityType';
      for (const [name, type] of csdl.types) {
        for (const [property, { type: target }] of type.navigation)
          assert.ok(entity(target), `${name}/${property}`);
        for (const [property, { type: target }] of type.properties)
          assert.ok(!entity(target), `${name}/${property}`);
        const inherited = type.base === undefined ? new Map() : allProperties(csdl, type.base);
        for (const property of type.properties.keys())
          assert.ok(!inherited.has(property), `${name}/${property}`);
        for (const key of type.key) assert.equal(type.properties.get(key)?.nullable, false);
      }
      for (const [name, members] of csdl.enums)
        assert.equal(new Set(members.values()).size, members.size, name);
    });

    test('every binding begins at a navigation property and ends at a set', () => {
      const csdl = documents[version];
      /** The type at the end of a path of navigation properties, and whether its objects live there. */
      const walk = (type: string, path: readonly string[]): CsdlProperty | undefined => {
        const [first, ...rest] = path;
        const property = allNavigation(csdl, type).get(first ?? '');
        return property === undefined || rest.length === 0 ? property : walk(property.type, rest);
      };
      for (const { type, bindings } of csdl.containers.values())
        for (const [path, target] of bindings) {
          const [root = '', ...rest] = target.split('/');
          const container = csdl.containers.get(root);
          const set = walk(container?.type ?? '', rest);
          const from = walk(type, path.split('/'));
          assert.ok(from !== undefined && !from.contains, path);
          assert.ok(rest.length === 0 ? container !== undefined : set?.contains, target);
          assert.equal(from.type, rest.length === 0 ? container?.type : set?.type, path);
        }
      const navigations = [...csdl.types.values()].flatMap(({ navigation }) =>
        // Directory objects are of several sets, so nothing binds them.
        [...navigation].filter(([, { contains, type }]) => !contains && type !== 'directoryObject'),
      );
      // What leads to a user leads there from /education/me, too.
      const bound = [...csdl.containers.values()].flatMap(({ bindings }) =>
        [...bindings.keys()].filter((path) => !path.startsWith('me/')),
      );
      assert.equal(bound.length, navigations.length, 'each navigation property is bound');
    });
  });

/** EDM types that a property of a view may have. */
const EDM: Readonly<Record<string, readonly string[]>> = {
  guid: ['Edm.String'],
  string: ['Edm.String'],
  boolean: ['Edm.Boolean'],
  date: ['Edm.Date'],
  dateTimeOffset: ['Edm.DateTimeOffset'],
};

/** Compares the properties that a view serves with those of a type. */
function compare(csdl: Csdl, view: View, prefix: string, typeName: string): void {
  const declared = allProperties(csdl, typeName);
  const served = Object.keys(view.properties)
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .filter((name) => !name.includes('/'));
  assert.deepEqual(served.toSorted(), [...declared.keys()].toSorted(), typeName);
  for (const [name, { type, collection }] of declared) {
    const path = `${prefix}${name}`;
    const property = view.properties[path];
    assert.ok(property);
    assert.equal(collection, property.type === 'collection', path);
    if (property.type === 'collection') continue;
    if (property.type === 'enum')
      assert.deepEqual(new Set(csdl.enums.get(type)?.keys()), new Set(property.members), path);
    else if (property.type === 'complex') {
      assert.equal(csdl.types.get(type)?.kind, 'ComplexType', path);
      const hasParts = Object.keys(view.properties).some((other) => other.startsWith(`${path}/`));
      if (hasParts) compare(csdl, view, `${path}/`, type);
    }
    // A property that nothing is kept of is null whatever its type.
    else if (property.constant === null) assert.ok(PRIMITIVES.has(type), path);
    else assert.ok(EDM[property.type]?.includes(type), `${path} is ${type}`);
  }
}

for (const version of VERSIONS)
  for (const view of Object.values(directoryViews(version)))
    test(`${version}: ${view.typeName} has the properties of its view, no more, no fewer`, () => {
      const name = view.typeName.replace('microsoft.graph.', '');
      compare(documents[version], view, '', name);
    });

test('so have profiles, their status and their errors', () => {
  const csdl = documents.beta;
  for (const { typeName, properties, navigations = {} } of [PROFILE, PROFILE_STATUS, RECORD_ERROR_VIEW]) {
    const name = typeName.replace('microsoft.graph.', '');
    assert.deepEqual(Object.keys(properties).toSorted(), [...allProperties(csdl, name).keys()].toSorted());
    const declared = [...allNavigation(csdl, name)].map(([navigation, { collection }]) => [
      navigation,
      !collection,
    ]);
    const served = Object.entries(navigations).map(([navigation, { single }]) => [
      navigation,
      single === true,
    ]);
    assert.deepEqual(Object.fromEntries(served), Object.fromEntries(declared), 'what $expand takes');
  }
  for (const member of PROFILE_VIEW.properties['state']?.members ?? [])
    assert.ok(csdl.enums.get('educationSynchronizationProfileState')?.has(member), member);
  for (const name of documents['v1.0'].types.keys()) assert.ok(!name.includes('ynchronization'), name);
});

const isText = (value: unknown): value is string => typeof value === 'string';
const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Edm.Boolean': (value) => typeof value === 'boolean',
  'Edm.Date': (value) => isText(value) && /^\d{4}-\d\d-\d\d$/.test(value),
  'Edm.DateTimeOffset': (value) => isText(value) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value),
  'Edm.Int32': (value) => Number.isSafeInteger(value),
  'Edm.Guid': (value) => isText(value) && /^[0-9a-f-]{36}$/.test(value),
  'Edm.Int64': (value) => Number.isSafeInteger(value),
  'Edm.String': isText,
};

/** Checks a value of an answer against its type; `all`: each declared property has to be there. */
function fit(csdl: Csdl, property: CsdlProperty, value: unknown, path: string, all: boolean): void {
  if (property.collection && Array.isArray(value)) {
    for (const [index, item] of value.entries())
      fit(csdl, { ...property, collection: false }, item, `${path}[${index}]`, all);
    return;
  }
  if (value === null) {
    assert.ok(property.nullable, `${path} is null`);
    return;
  }
  assert.ok(!property.collection, `${path} is no list`);
  const check = FITS[property.type];
  if (check !== undefined) assert.ok(check(value), `${path} is ${JSON.stringify(value)}`);
  else if (csdl.enums.has(property.type))
    assert.ok(
      isText(value) && csdl.enums.get(property.type)?.has(value),
      `${path} is ${JSON.stringify(value)}`,
    );
  else fitObject(csdl, property.type, value as Record<string, unknown>, path, all);
}

function fitObject(
  csdl: Csdl,
  declaredType: string,
  value: Record<string, unknown>,
  path: string,
  all: boolean,
) {
  const sent = value['@odata.type'];
  const name = isText(sent) ? sent.replace('#microsoft.graph.', '') : declaredType;
  assert.ok(csdl.types.get(name)?.abstract === false, `${path} is of the type ${name}`);
  const declared = allProperties(csdl, name);
  const names = Object.keys(value).filter((key) => !key.startsWith('@'));
  assert.deepEqual(
    names.filter((key) => !declared.has(key)),
    [],
    path,
  );
  for (const [key, property] of declared) {
    if (key in value) fit(csdl, property, value[key], `${path}/${key}`, all);
    else assert.ok(!all || key === 'clientSecret', `${path}/${key} is not there`);
  }
}

for (const version of VERSIONS)
  test(`${version}: what answers hold is declared with its type, what is declared is in the answers`, async () => {
    const csdl = documents[version];
    const { schools, classes, users } = seeded;
    for (const [path, type] of [
      [`education/schools/${schools.contoso}`, 'educationSchool'],
      [`education/schools/${schools.fabrikam}`, 'educationSchool'],
      [`education/classes/${classes.algebra}`, 'educationClass'],
      [`education/classes/${classes.biology}`, 'educationClass'],
      [`education/users/${users.anna}`, 'educationUser'],
      [`education/users/${users.dora}`, 'educationUser'],
      [`groups/${classes.algebra}`, 'group'],
      [`directory/administrativeUnits/${schools.contoso}`, 'administrativeUnit'],
      [`organization/${server.tenantId}`, 'organization'],
    ] as const)
      fitObject(csdl, type, (await get(`/${version}/${path}`)).body, path, true);
    // v1.0 shows of a user some properties alone.
    const { body } = await get(`/${version}/users/${users.anna}`);
    fitObject(csdl, 'user', body, 'users', version === 'beta');
  });

for (const version of VERSIONS)
  test(`${version}: every navigation property leads somewhere`, async () => {
    const csdl = documents[version];
    const profile = version === 'beta' ? await server.provisioned('Navigation') : '';
    const ids: Record<string, string> = {
      educationRoot: 'education',
      educationSchool: `education/schools/${seeded.schools.contoso}`,
      educationClass: `education/classes/${seeded.classes.algebra}`,
      educationUser: `education/users/${seeded.users.clara}`,
      educationSynchronizationProfile: `education/synchronizationProfiles/${profile}`,
      directory: 'directory',
      group: `groups/${seeded.classes.algebra}`,
      administrativeUnit: `directory/administrativeUnits/${seeded.schools.contoso}`,
      user: `users/${seeded.users.clara}`,
    };
    const CLARA = {
      scopes: ['EduRoster.Read'],
      person: { subject: 'clara', objectId: seeded.users.clara },
    };
    let followed = 0;
    for (const [name, type] of csdl.types)
      for (const [navigation, { type: target, collection }] of type.navigation) {
        const path = `/${version}/${String(ids[name])}/${navigation}`;
        const { body } = navigation === 'me' ? await server.call(path, CLARA) : await get(path);
        const objects: Record<string, unknown>[] = collection ? body.value : [body];
        for (const object of objects) fitObject(csdl, target, object, navigation, false);
        followed += 1;
      }
    assert.ok(followed >= 20);
  });

test('beta: every provider and identity that is declared can be sent, and comes back as declared', async () => {
  const csdl = documents.beta;
  const texts: Record<string, unknown> = {
    connectionUrl: 'https://sis.contoso.edu',
    tokenUrl: 'https://sis.contoso.edu/token',
    targetDomain: 'contoso.edu',
    targetPropertyName: 'mail',
    name: 'contoso.edu',
    synchronizationStartDate: '2030-01-01T00:00:00Z',
  };
  /** A value for every declared property; of an abstract type that one of its types which has the name. */
  const fill = (property: CsdlProperty, name: string, chosen: string): unknown => {
    if (property.collection) return [fill({ ...property, collection: false }, name, chosen)];
    const type = csdl.types.get(property.type);
    if (property.type === 'Edm.Boolean') return true;
    if (csdl.enums.has(property.type)) return 'student';
    if (type === undefined) return texts[name] ?? 'Text';
    const concrete = type.abstract ? chosen : property.type;
    return {
      ...(type.abstract ? { '@odata.type': `#microsoft.graph.${concrete}` } : {}),
      ...Object.fromEntries(
        [...allProperties(csdl, concrete)].map(([key, each]) => [key, fill(each, key, CONNECTIONS[0] ?? '')]),
      ),
    };
  };
  const derivedFrom = (base: string): string[] =>
    [...csdl.types].filter(([, type]) => type.base === base).map(([name]) => name);
  const CONNECTIONS = derivedFrom('educationSynchronizationConnectionSettings');
  const send = async (change: Record<string, unknown>): Promise<void> => {
    const body = { ...csvProfileBody('Declared'), ...change };
    const path = '/beta/education/synchronizationProfiles';
    const answer = await server.call(path, { permissions: PERMISSIONS, body });
    assert.equal(answer.status, 202, `${JSON.stringify(change)}: ${answer.text}`);
    const { '@odata.context': _context, ...profile } = answer.body;
    fitObject(csdl, 'educationSynchronizationProfile', profile, 'profile', false);
  };
  const property = allProperties(csdl, 'educationSynchronizationProfile');
  for (const name of ['dataProvider', 'identitySynchronizationConfiguration']) {
    const declared = property.get(name);
    assert.ok(declared);
    const types = derivedFrom(declared.type);
    assert.ok(types.length >= 2);
    for (const type of types) await send({ [name]: fill(declared, name, type) });
  }
  const licenses = property.get('licensesToAssign');
  assert.ok(licenses);
  await send({ licensesToAssign: fill(licenses, 'licensesToAssign', '') });
  assert.equal(CONNECTIONS.length, 2);
});

test('beta: actions and functions of a profile answer as declared', async () => {
  const csdl = documents.beta;
  const own = csdl.operations.filter(({ bound }) => bound.type === 'educationSynchronizationProfile');
  assert.deepEqual(own.map(({ kind, name }) => `${kind} ${name}`).toSorted(), [
    'Action pause',
    'Action reset',
    'Action resume',
    'Action start',
    'Function uploadUrl',
  ]);
  const profile = await server.provisioned('Operations');
  const call = (name: string, method: string) =>
    server.call(`/beta/education/synchronizationProfiles/${profile}/microsoft.graph.${name}`, {
      permissions: PERMISSIONS,
      method,
    });
  for (const { kind, name, returns } of own) {
    if (name === 'start') await server.upload(profile, 'school.csv');
    const answer = await call(name, kind === 'Action' ? 'POST' : 'GET');
    if (name === 'resume') continue;
    assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    if (returns === undefined) assert.equal(answer.text, '', name);
    else fit(csdl, returns, answer.body.value, name, true);
  }
});
