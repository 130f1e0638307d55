/**
 * Whatever stands in a body, the answer is no 5xx and comes in Graph's envelope. ROLLBOOK_BODIES: how many in all (10,000; `npm run soak`:
 * a million), a fifth of them batches; ROLLBOOK_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { must } from '#lib/assert.ts';
import { csvProfileBody } from '#test/helpers/profile-server.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

const BODIES = Number(process.env['ROLLBOOK_BODIES'] ?? '10000');
const BATCHES = BODIES / 5;
/** Bodies that make users and profiles, and as many that change what is there. */
const EACH = (BODIES - BATCHES) / 2;
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
const runs = (numRuns: number) => ({ numRuns, seed: SEED, endOnFailure: true });
/** An answer that takes longer is none. */
const HANG_MS = 60_000;

const PERMISSIONS = ['EduRoster.ReadWrite.All', 'EduAdministration.ReadWrite.All'];
const PROFILES = '/beta/education/synchronizationProfiles';

let server: RosterServer;
let profile: string;
let seeded: SeededDirectory;
let withoutSchool: string;
let token: string;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
  const made = await server.call('/v1.0/education/classes', {
    body: { displayName: 'Loose', mailNickname: 'loose' },
  });
  withoutSchool = made.body.id;
  profile = await server.provisioned();
  const { tenantId, actor } = server;
  const caller = { tenantId, applicationId: actor.applicationId, roles: PERMISSIONS, scopes: [] };
  token = Buffer.from(JSON.stringify(caller)).toString('base64url');
});
after(() => server.close());

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
}

/** The id of `{classes/algebra}`. */
function seededId(_: string, set: string, name: string): string {
  return must((seeded as unknown as Record<string, Record<string, string>>)[set]?.[name]);
}

async function send({ method, path, body, contentType }: Sent): Promise<unknown> {
  const response = await fetch(
    `${server.baseUrl}${path.replace('{id}', profile).replace(/\{(\w+)\/(\w+)\}/gu, seededId)}`,
    {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      body,
      signal: AbortSignal.timeout(HANG_MS),
    },
  );
  const text = await response.text();
  assert.ok(response.status < 500, `${response.status} ${text}`);
  if (response.status === 204) return {};
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const answer = JSON.parse(text) as unknown;
  if (response.status >= 400) isEnvelope(answer, response.headers.get('request-id'));
  return answer;
}

function isEnvelope(answer: unknown, requestId: string | null | undefined): void {
  const { error } = answer as { error: Record<string, unknown> };
  assert.deepEqual(
    Object.keys(error).filter((name) => name !== 'target' && name !== 'details'),
    ['code', 'message', 'innerError'],
  );
  assert.ok(typeof error['code'] === 'string' && error['code'] !== '');
  assert.ok(typeof error['message'] === 'string' && error['message'] !== '');
  assert.equal((error['innerError'] as Record<string, unknown>)['request-id'], requestId);
}

let made = 0;
const newUser = () => {
  const name = `u${(made += 1)}`;
  return {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@contoso.edu`,
    passwordProfile: { password: 'Start#2026', forceChangePasswordNextSignIn: false },
    givenName: 'A',
    primaryRole: 'student',
    student: { grade: '9', birthDate: '2012-02-29', gender: 'other', externalId: name },
    teacher: null,
  };
};
const newSchool = () => ({
  displayName: `School ${(made += 1)}`,
  externalId: `s${made}`,
  description: 'A school',

  principalEmail: 'amy@contoso.edu',
  principalName: 'Amy',
  lowestGrade: '9',
  highestGrade: '12',
  schoolNumber: '17',
  phone: '555',
  address: { street: 'Pier 1', city: 'Seattle', state: 'WA', postalCode: '98052', countryOrRegion: 'US' },
});
const newClass = () => ({
  displayName: `Class ${(made += 1)}`,
  mailNickname: `c${made}`,
  externalId: `c${made}`,
  classCode: '17',
  grade: '9',
  course: { externalId: 'k1', displayName: 'Maths', courseNumber: '1', subject: 'MAT' },
  term: { externalId: 't1', displayName: 'Autumn', startDate: '2026-08-01', endDate: '2026-12-20' },
});
const contacts = () => ({
  relatedContacts: [
    {
      displayName: 'Pat',
      emailAddress: 'pat@example.com',
      mobilePhone: '555',
      relationship: 'guardian',
    },
  ],
});
const reference = (set: 'users' | 'classes', id: () => string) => () => ({
  '@odata.id': `${server.baseUrl}/v1.0/education/${set}/${id()}`,
});
const newProfile = () => ({
  ...csvProfileBody('Random'),
  dataProvider: {
    '@odata.type': '#microsoft.graph.educationOneRosterApiDataProvider',
    connectionUrl: 'https://sis.contoso.edu',
    schoolsIds: ['1'],
    connectionSettings: {
      '@odata.type': '#microsoft.graph.educationSynchronizationOAuth1ConnectionSettings',
      clientId: 'a',
      clientSecret: 'b',
    },
    customizations: { student: { optionalPropertiesToSync: ['Grade'], isSyncDeferred: false } },
  },
  licensesToAssign: [{ appliesTo: 'student', skuIds: ['x'] }],
  expirationDate: '2030-01-31',
});
/** The provider of a profile stays: another kind of it is refused, whatever else the body says. */
const otherProfile = () => ({ ...csvProfileBody('Random'), expirationDate: '2030-01-31' });
const json = { 'Content-Type': 'application/json' };
const newBatch = () => ({
  requests: [
    { id: '1', method: 'GET', url: "/education/users?$filter=displayName eq 'Anna'&$top=2&$count=true" },
    { id: '2', method: 'POST', url: '/education/users', headers: json, body: newUser(), dependsOn: ['1'] },
    {
      id: '3',
      method: 'PATCH',
      url: `${PROFILES.replace('/beta', '')}/${profile}`,
      headers: json,
      body: { displayName: 'B' },
    },
    { id: '4', method: 'POST', url: `${PROFILES}/${profile}/start`, headers: { Prefer: 'return=minimal' } },
    { id: '5', method: 'GET', url: `${PROFILES}/${profile}/errors/$count`, dependsOn: ['1', '3'] },
  ],
});

/** Values that no property takes, or that come near to one that it does. */
const odd = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, 1e308, [], [[]], [null], {}),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      { '@odata.type': '#microsoft.graph.user' },
      { constructor: 1 },
      { toString: 1 },
      'a'.repeat(3_000),
      "' or 1=1 --",
      '9999-12-31T23:59:60Z',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...' |0|null|é|’|%00|../..|//x|0000-00-00|student|faculty|unknownFutureValue|GET|TRACE|$batch|/v1.0'.split(
        '|',
      ),
    ),
  },
  // What a database takes not as it is.
  { weight: 2, arbitrary: fc.constantFrom('\u0000', 'a\u0000', '\uD800', 'a\uDC00b', '\u202E', '\uFFFF') },
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 4 }),
);
const names = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'id',
    'state',
    '@odata.type',
    'x@odata.bind',
    'Prefer',
    'toString',
    '',
  ),
  fc.string(),
);

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'wrap' | 'repeat';
  readonly value: unknown;
  readonly name: string;
}
const change = fc.record<Change>({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'replace', 'remove', 'add', 'wrap', 'repeat'),
  value: odd,
  name: names,
});

/** Every place of a value, as the object it is in and its key there. */
function placesOf(value: unknown): [object: Record<string, unknown>, key: string][] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Record<string, unknown>;
  return Object.keys(object).flatMap((key) => [
    [object, key] as [typeof object, string],
    ...placesOf(object[key]),
  ]);
}

/** A copy of a valid body that is changed in some places. */
function changed(body: unknown, changes: readonly Change[]): unknown {
  const root: Record<string, unknown> = { body: structuredClone(body) };
  for (const { at, how, name, ...more } of changes) {
    // A copy: what stands in a body is changed in turn.
    const value: unknown = structuredClone(more.value);
    const places = placesOf(root);
    const [object, key] = places[at % places.length] ?? [root, 'body'];
    const before = object[key];
    if (how === 'replace') object[key] = value;
    else if (how === 'wrap') object[key] = [before];
    else if (how === 'remove') delete object[key];
    else if (how === 'repeat' && Array.isArray(before))
      object[key] = Array.from({ length: 25 }, () => before[0] as unknown);
    else if (typeof before === 'object' && before !== null)
      Object.defineProperty(before, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return root.body;
}

/** A text that is a body, nearly: changed as a value, as text, or nothing of the sort at all. */
function bodyOf(valid: () => unknown): fc.Arbitrary<string> {
  const values = fc
    .array(change, { minLength: 0, maxLength: 3 })
    .map((changes) => JSON.stringify(changed(valid(), changes)) ?? '');
  const cut = fc.tuple(values, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  const spliced = fc
    .tuple(
      values,
      fc.nat(),
      fc.oneof(fc.string(), fc.constantFrom('1e999', '{"a":1,"a":2}', '\\u0000', '[', '"', ',,')),
    )
    .map(
      ([text, at, piece]) =>
        text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)),
    );
  const deep = fc.nat(20_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
  return fc.oneof(
    { weight: 8, arbitrary: values },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: spliced },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: deep },
  );
}

const contentType = fc.oneof(
  { weight: 20, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    'text/plain',
    'application/xml',
    'multipart/form-data',
    'application/json; charset=utf-16',
    'x',
  ),
);
const request = (method: string, path: string, valid: () => unknown): fc.Arbitrary<Sent> =>
  fc.record({ method: fc.constant(method), path: fc.constant(path), body: bodyOf(valid), contentType });

test(`${BATCHES} random batches (seed ${SEED})`, async () => {
  const batches = fc.oneof(
    request('POST', '/beta/$batch', newBatch),
    request('POST', '/v1.0/$batch', newBatch),
  );
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(batches, async (sent) => {
      const { responses = [] } = (await send(sent)) as { responses?: Record<string, unknown>[] };
      for (const { id, status, headers, body } of responses) {
        ran += 1;
        assert.equal(typeof id, 'string');
        assert.ok(typeof status === 'number' && status < 500, JSON.stringify({ id, status, body }));
        // A start that validation stopped answers with what it found.
        const isCollection = typeof body === 'object' && body !== null && 'value' in body;
        if (status >= 400 && !isCollection)
          isEnvelope(body, (headers as Record<string, string>)['request-id']);
      }
    }),
    runs(BATCHES),
  );
  assert.ok(ran > BATCHES / 4, 'most batches were no batches at all');
});

const MAKING = [
  request('POST', '/v1.0/education/users', newUser),
  request('POST', '/beta/education/users', newUser),
  request('POST', '/v1.0/education/schools', newSchool),
  request('POST', '/beta/education/classes', newClass),
  request('POST', PROFILES, newProfile),
];
/** Of what is there and of what is gone, and references to both. */
const CHANGING = [
  request('PATCH', `${PROFILES}/{id}`, otherProfile),
  request('PATCH', '/v1.0/education/users/{users/anna}', newUser),
  request('PATCH', '/beta/education/users/{users/ben}', newUser),
  request('PATCH', '/v1.0/education/users/{users/ben}', contacts),
  request('PATCH', '/beta/education/users/{users/ended}', contacts),
  request('PATCH', '/v1.0/education/schools/{schools/contoso}', newSchool),
  request('PATCH', '/beta/education/schools/{schools/closed}', newSchool),
  request('PATCH', '/v1.0/education/classes/{classes/algebra}', newClass),
  request('PATCH', '/beta/education/classes/{classes/biology}', newClass),
  ...(
    [
      ['classes/{classes/algebra}/members', reference('users', () => seeded.users.dora)],
      ['classes/{classes/biology}/teachers', reference('users', () => seeded.users.dora)],
      ['classes/{classes/algebra}/teachers', reference('users', () => seeded.users.ended)],
      ['schools/{schools/fabrikam}/users', reference('users', () => seeded.users.anna)],
      ['schools/{schools/fabrikam}/classes', reference('classes', () => withoutSchool)],
    ] as const
  ).map(([path, valid]) => request('POST', `/v1.0/education/${path}/$ref`, valid)),
];

/** What is there no more takes nothing. */
const GONE = ['{users/ended}', '{schools/closed}', '{classes/algebra}/teachers'];

for (const [name, requests] of [
  ['that make users, schools, classes and profiles', MAKING],
  ['that change what is there', CHANGING],
] as const) {
  test(`${EACH} random bodies ${name} (seed ${SEED})`, async () => {
    const sentTo = new Set<string>();
    const takenBy = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...requests), async (sent) => {
        const answer = (await send(sent)) as { error?: unknown };
        sentTo.add(sent.path);
        if (answer.error === undefined) takenBy.add(sent.path);
      }),
      runs(EACH),
    );
    const never = [...sentTo].filter(
      (path) => !takenBy.has(path) && !GONE.some((gone) => path.includes(gone)),
    );
    assert.deepEqual(never, [], 'none of the bodies for these came near to a good one');
  });
}

test('nothing of this was logged as an error', () => {
  assert.deepEqual(
    server.log.filter((line) => line.includes('"level":50')),
    [],
  );
});
