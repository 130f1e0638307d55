/** The document of /api/v1: valid, complete, and true of what the service answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { APPLICATION_PERMISSIONS, isApplicationPermission } from '#core/permissions.ts';
import { OPERATIONS } from '#http/openapi/operations.ts';
import { fetchToken } from '#test/helpers/rollbook-process.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security: readonly unknown[];
  readonly 'x-permissions'?: {
    readonly application: readonly string[];
    readonly delegated: readonly string[];
  };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let rollbook: TestRollbook;
let document: Document;
before(async () => {
  rollbook = await startTestRollbook();
  const response = await fetch(`${rollbook.baseUrl}/api/v1/openapi.json`);
  assert.equal(response.status, 200, 'no token is needed');
  document = (await response.json()) as Document;
});
after(() => rollbook.stop());

const operations = (): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/gu, ':$1')}`,
      operation,
    ]),
  );

test('it is valid OpenAPI 3.1, every reference leads somewhere, and it holds nothing of a tenant', async () => {
  const result = await new Validator().validate({ ...structuredClone(document) });
  assert.deepEqual([result.valid, result.errors], [true, undefined]);
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/gu))
    assert.ok(Object.hasOwn(document.components.schemas, name), name);
  assert.doesNotMatch(text, /\$defs/u);
  assert.ok(!text.includes(rollbook.tenantId));
});

test('it has every route and nothing else', () => {
  assert.deepEqual(
    operations()
      .map(([name]) => name)
      .toSorted(),
    Object.keys(OPERATIONS).toSorted(),
  );
  assert.ok(operations().length > 50);
});

test('each operation says its permission, its parameters, what it takes, what it answers and which errors', () => {
  const ids = new Set<string>();
  for (const [name, operation] of operations()) {
    ids.add(operation.operationId);
    assert.match(operation.summary, /\.$/u, name);
    const inPath = operation.parameters
      .filter((parameter) => parameter.in === 'path')
      .map((parameter) => parameter.name);
    assert.deepEqual(
      inPath,
      [...name.matchAll(/:(\w+)/gu)].map(([, found]) => found),
      name,
    );
    assert.ok(
      Object.keys(operation.responses).some((status) => status.startsWith('2')),
      name,
    );
    if (/^(?:POST|PUT|PATCH) /u.test(name)) assert.ok(operation.requestBody !== undefined, name);
    if (name === 'GET /openapi.json') {
      assert.deepEqual(operation.security, []);
      continue;
    }
    assert.deepEqual(operation.security, [{ token: [] }], name);
    const permissions = operation['x-permissions']?.application ?? [];
    assert.ok(permissions.length > 0 && permissions.every(isApplicationPermission), name);
    for (const status of ['401', '403', '429']) assert.ok(status in operation.responses, `${name} ${status}`);
    if (name.includes(':')) assert.ok('404' in operation.responses, name);
  }
  assert.equal(ids.size, operations().length);
});

const PROFILES = 'EduAdministration.ReadWrite';
const ROSTER = ['EduRoster.Read.All', 'EduRoster.ReadWrite.All', 'Directory.Read.All'];
/** Who may, by what an operation is about: the first that fits. The rest is of profiles: those that read, and those that change. */
const MAY: readonly [about: RegExp, application: readonly string[], delegated: readonly string[]][] = [
  [/^GET \/openapi\.json$/u, [], []],
  [/^\w+ \/applications\b/u, ['Rollbook.Tenant.Manage'], []],
  [/\/initialPasswords\b/u, ['Rollbook.Tenant.Manage'], []],
  [/^\w+ \/tenants$/u, ['Rollbook.System.Manage'], []],
  [/^POST \/users\/import$/u, ['EduRoster.ReadWrite.All'], []],
  [/\/demographics$/u, ['EduRoster.Read.All', 'EduRoster.ReadWrite.All'], []],
  [
    /^GET \/(?:orgs|academicSessions|courses|classes|users)\b/u,
    ROSTER,
    ['EduRoster.Read', 'EduRoster.ReadWrite'],
  ],
  [/^GET /u, ['EduAdministration.Read.All', `${PROFILES}.All`], ['EduAdministration.Read', PROFILES]],
  [/./u, [`${PROFILES}.All`], [PROFILES]],
];

test('each operation asks for the permission that its matter needs, and is refused to whoever has all others', async () => {
  const tokens = new Map<string, Promise<string>>();
  const tokenWithout = async (permissions: readonly string[]): Promise<string> => {
    const { clientId, clientSecret } = await syncClient(rollbook).ok<{
      clientId: string;
      clientSecret: string;
    }>('POST', '/api/v1/applications', {
      displayName: `All but ${permissions.join()}`,
      permissions: Object.keys(APPLICATION_PERMISSIONS).filter(
        (name) => name !== 'Rollbook.System.Manage' && !permissions.includes(name),
      ),
    });
    return fetchToken(rollbook.baseUrl, { tenantId: rollbook.tenantId, clientId, clientSecret });
  };
  for (const [name, operation] of operations()) {
    const [, application = [], delegated = []] = MAY.find(([about]) => about.test(name)) ?? [];
    const asked = operation['x-permissions'];
    assert.deepEqual([asked?.application ?? [], asked?.delegated ?? []], [application, delegated], name);
    if (application.length === 0) continue;
    const token = tokens.get(application.join()) ?? tokenWithout(application);
    tokens.set(application.join(), token);
    const [method = '', path = ''] = name.split(' ');
    const address = `${rollbook.baseUrl}/api/v1${path.replaceAll(/:\w+/gu, '01234567-89ab-7def-8123-456789abcdef')}`;
    const { status } = await fetch(address, { method, headers: { authorization: `Bearer ${await token}` } });
    assert.equal(status, 403, name);
  }
  assert.ok(tokens.size > 5);
});

test('without a token every operation but this one is 401, as it says', async () => {
  for (const [name] of operations()) {
    const [method = '', path = ''] = name.split(' ');
    const address = `${rollbook.baseUrl}/api/v1${path.replaceAll(/:\w+/gu, '01234567-89ab-7def-8123-456789abcdef')}`;
    const { status } = await fetch(address, { method });
    assert.equal(status, path === '/openapi.json' ? 200 : 401, name);
  }
  const odd = await fetch(`${rollbook.baseUrl}/api/v1/openapi.json?$top=1`);
  assert.equal(odd.status, 400);
});

test('what the service answers has the shape that it says', async () => {
  const client = syncClient(rollbook);
  const profile = await client.createProfile({ displayName: 'Described' });
  await client.sync(profile, csvFiles(smallRoster({ schools: 1, sections: 1, students: 2 })));
  const run = await client.latestRun(profile);
  const [person] = await client.all<{ id: string }>('/v1.0/education/users');
  const [school] = await client.all<{ id: string }>('/v1.0/education/classes');
  const missing = '01234567-89ab-7def-8123-456789abcdef';
  let read = 0;
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (!name.startsWith('GET ') || name.endsWith('/events') || /items\.(?:csv|jsonl)$/u.test(name)) continue;
    const path = name.slice('GET '.length);
    const id = path.startsWith('/runs/')
      ? run.id
      : path.startsWith('/users/')
        ? person?.id
        : path.startsWith('/classes/')
          ? school?.id
          : path.startsWith('/profiles/')
            ? profile
            : path.startsWith('/applications/')
              ? rollbook.clientId
              : missing;
    const list = 'orgTypes';
    const answer = await client.call(
      'GET',
      `/api/v1${path.replace(':id', String(id)).replace(':list', list)}`,
    );
    if (answer.status === 404 && id === missing) continue;
    assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`);
    const schema = operation.answers[200];
    assert.ok(typeof schema === 'object' && schema !== null, name);
    const parsed = schema.safeParse(answer.body);
    assert.ok(parsed.success, `${name}: ${parsed.error?.message ?? ''}`);
    read += 1;
  }
  assert.ok(read > 20, String(read));
  for (const [method, path, status, body] of [
    ['POST', `/profiles/${profile}/plan`, 202, {}],
    ['POST', `/profiles/${profile}/quarantine`, 200, { note: 'looks odd' }],
    ['POST', `/profiles/${profile}/reset`, 200, { scopes: ['all'] }],
    ['POST', '/applications', 201, { displayName: 'x', permissions: ['EduRoster.Read.All'] }],
  ] as const) {
    const answer = await client.call(method, `/api/v1${path}`, body);
    assert.equal(answer.status, status, `${path}: ${JSON.stringify(answer.body)}`);
    const schema = OPERATIONS[`${method} ${path.replace(profile, ':id')}`]?.answers[status];
    assert.ok(typeof schema === 'object' && schema !== null, path);
    const parsed = schema.safeParse(answer.body);
    assert.ok(parsed.success, `${path}: ${parsed.error?.message ?? ''}`);
  }
});
