/** Wrong requests: Graph's error envelope, the right status, the property by name; never a stack trace, never a 5xx. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { fetchToken } from '#test/helpers/rollbook-process.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
/** A provisioned profile of the first tenant. */
let profile: string;
let readerToken: string;
let foreignToken: string;
before(async () => {
  rollbook = await startTestRollbook();
  const client = syncClient(rollbook);
  profile = await client.createProfile({ displayName: 'Bad requests' });
  const reader = await client.ok<{ tenantId: string; clientId: string; clientSecret: string }>(
    'POST',
    '/api/v1/applications',
    { displayName: 'Reader', permissions: ['EduAdministration.Read.All'] },
  );
  readerToken = await fetchToken(rollbook.baseUrl, reader);
  const tenant = await client.ok<{ tenantId: string; clientId: string; clientSecret: string }>(
    'POST',
    '/api/v1/tenants',
    { name: 'Fabrikam' },
  );
  foreignToken = await fetchToken(rollbook.baseUrl, tenant);
});
after(() => rollbook.stop());

interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly target?: string };
}

async function send(method: string, path: string, body?: string, token?: string): Promise<Response> {
  return rollbook.api(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

async function refused(response: Response, status: number): Promise<Refusal['error']> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.ok(!/\bat .*\.ts|node_modules|rollbook_app/.test(text), 'no stack');
  const { error } = JSON.parse(text) as Refusal;
  assert.ok(error.code !== '' && error.message !== '', text);
  return error;
}

const CSV = { '@odata.type': '#microsoft.graph.educationCsvDataProvider' };
const IDENTITY = {
  '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
  userDomains: [{ appliesTo: 'student', name: 'contoso.example' }],
};
const MATCHING = '#microsoft.graph.educationIdentityMatchingConfiguration';
const whole = {
  displayName: 'Contoso',
  dataProvider: CSV,
  identitySynchronizationConfiguration: IDENTITY,
};
const json = (change: Record<string, unknown>): string => JSON.stringify({ ...whole, ...change });
const nested = (open: string, close: string, levels: number): string =>
  `{"displayName":${open.repeat(levels)}1${close.repeat(levels)}}`;

const BODIES: [name: string, body: string, message: RegExp, target?: string][] = [
  ['JSON that is none', '{"displayName": "x",}', /line 1, column 21/],
  ['JSON that ends early', '{"displayName": "x"', /not JSON/],
  ['an array', '[]', /JSON object/],
  ['an unknown property', json({ foo: 1 }), /no such property/, 'foo'],
  ['an unknown one inside', json({ dataProvider: { ...CSV, foo: 1 } }), /no such/, 'dataProvider.foo'],
  ['a wrong type', json({ displayName: 5 }), /string/, 'displayName'],
  [
    'a wrong @odata.type',
    json({ dataProvider: { '@odata.type': '#microsoft.graph.user' } }),
    /Invalid OData type/,
    'dataProvider.@odata.type',
  ],
  ['an @odata.type that is no text', json({ '@odata.type': 4 }), /string/, '@odata.type'],
  ['__proto__', '{"dataProvider":{"\\u005f_proto__":{"x":1}}}', /__proto__/],
  ['a property twice', '{"displayName":"x","displayName":"y"}', /twice/, 'displayName'],
  ['a NUL in a name', json({ displayName: 'a\u0000b' }), /U\+0000/, 'displayName'],
  [
    'a NUL in an array',
    json({
      dataProvider: { ...CSV, customizations: { student: { optionalPropertiesToSync: ['Grade', '\0'] } } },
    }),
    /U\+0000/,
    'dataProvider.customizations.student.optionalPropertiesToSync[1]',
  ],
  [
    'a NUL in a column title',
    json({
      identitySynchronizationConfiguration: {
        '@odata.type': MATCHING,
        matchingOptions: [
          { appliesTo: 'student', sourcePropertyName: '\0', targetPropertyName: 'userPrincipalName' },
        ],
      },
    }),
    /U\+0000/,
    'identitySynchronizationConfiguration.matchingOptions[0].sourcePropertyName',
  ],
  ['half a surrogate pair', json({}).replace('"Contoso"', '"a\\ud800b"'), /surrogate pair/, 'displayName'],
  ['100,000 arrays in each other', nested('[', ']', 100_000), /levels/],
  ['100,000 objects in each other', nested('{"a":', '}', 100_000), /levels/],
  ['a day that is none', json({ expirationDate: '2026-02-30' }), /date such as/, 'expirationDate'],
  ['a day in the year 0', json({ expirationDate: '0000-01-01' }), /date such as/, 'expirationDate'],
];

for (const [name, body, message, target] of BODIES) {
  test(`a profile with ${name}: 400`, async () => {
    const error = await refused(await send('POST', PROFILES, body), 400);
    assert.match(error.message, message);
    assert.equal(error.target, target);
  });
}

test('the same goes for the names of applications and tenants', async () => {
  const application = JSON.stringify({ displayName: 'a\0', permissions: ['EduAdministration.Read.All'] });
  await refused(await send('POST', '/api/v1/applications', application), 400);
  await refused(await send('POST', '/api/v1/tenants', JSON.stringify({ name: 'a\0' })), 400);
});

const OF_A_PROFILE: [method: string, path: string, body?: string][] = [
  ['PATCH', '', '{}'],
  ['PUT', '', json({})],
  ['DELETE', ''],
  ['GET', '/uploadUrl'],
  ['POST', '/start'],
  ['POST', '/pause'],
  ['POST', '/resume'],
  ['POST', '/reset'],
];
const READS: [method: string, path: string][] = [
  ['GET', ''],
  ['GET', '/profileStatus'],
  ['GET', '/errors'],
];

test('a profile of another tenant is not there', async () => {
  for (const [method, path, body] of [...OF_A_PROFILE, ...READS])
    await refused(await send(method, `${PROFILES}/${profile}${path}`, body, foreignToken), 404);
  await refused(await send('GET', `/api/v1/profiles/${profile}/settings`, undefined, foreignToken), 404);
  await refused(
    await send('DELETE', `/api/v1/applications/${rollbook.clientId}`, undefined, foreignToken),
    404,
  );
});

test('an application that may read only reads', async () => {
  for (const [method, path] of READS)
    assert.equal((await send(method, `${PROFILES}/${profile}${path}`, undefined, readerToken)).status, 200);
  for (const [method, path, body] of OF_A_PROFILE)
    await refused(await send(method, `${PROFILES}/${profile}${path}`, body, readerToken), 403);
  for (const path of ['/beta/education/users', '/api/v1/applications', '/api/v1/tenants'])
    await refused(await send('POST', path, '{}', readerToken), 403);
});

test('a wrong method: 405 with Allow', async () => {
  for (const [method, path, allowed] of [
    ['DELETE', PROFILES, 'GET, HEAD, POST, PUT'],
    ['GET', `${PROFILES}/${profile}/start`, 'POST'],
    ['PUT', `${PROFILES}/${profile}/profileStatus`, 'GET, HEAD'],
    ['DELETE', '/v1.0/education/schools', 'GET, HEAD, POST'],
  ] as const) {
    const response = await send(method, path);
    assert.equal(response.headers.get('allow'), allowed);
    await refused(response, 405);
  }
});

test('nothing of this was logged as an error', () => {
  assert.deepEqual(
    rollbook.logLines.filter((line) => line.includes('"level":50')),
    [],
  );
});
