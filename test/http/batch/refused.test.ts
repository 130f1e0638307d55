/** POST /$batch: what is wrong with it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';

let server: RosterServer;
before(async () => {
  server = await rosterServer();
});
after(() => server.close());

const GET = { method: 'GET', url: '/education/schools' };
const many = (count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => ({ ...GET, id: String(index) }));
const USER = {
  method: 'POST',
  url: '/education/users',
  headers: { 'Content-Type': 'application/json' },
  body: {
    accountEnabled: true,
    displayName: 'never',
    mailNickname: 'never',
    userPrincipalName: 'never@contoso.edu',
    passwordProfile: { password: 'Start#2026' },
  },
};

const WHOLE: [name: string, body: unknown, message: RegExp, target?: string][] = [
  ['nothing', undefined, /requests/, 'requests'],
  ['an array', [], /requests/, 'requests'],
  ['no requests', {}, /requests/, 'requests'],
  ['an empty batch', { requests: [] }, /no request/, 'requests'],
  ['21 requests', { requests: many(21) }, /20 requests at most, this one 21/, 'requests'],
  ['a request that is none', { requests: [null] }, /object/, 'requests[0]'],
  ['no id', { requests: [GET] }, /string/, 'requests[0].id'],
  ['an empty id', { requests: [{ ...GET, id: '' }] }, /1 to 256/, 'requests[0].id'],
  ['no method', { requests: [{ id: '1', url: 'x' }] }, /string/, 'requests[0].method'],
  ['a url that is no text', { requests: [{ ...GET, id: '1', url: 5 }] }, /string/, 'requests[0].url'],
  [
    'ids that differ in case alone',
    {
      requests: [
        { ...GET, id: 'a' },
        { ...GET, id: 'A' },
      ],
    },
    /twice/,
    'requests[1].id',
  ],
  [
    'a number and its text as ids',
    {
      requests: [
        { ...GET, id: 1 },
        { ...GET, id: '1' },
      ],
    },
    /twice/,
    'requests[1].id',
  ],
  [
    'headers that are a list',
    { requests: [{ ...GET, id: '1', headers: [] }] },
    /object/,
    'requests[0].headers',
  ],
  [
    'a header that is no text',
    { requests: [{ ...GET, id: '1', headers: { Prefer: 1 } }] },
    /string/,
    'requests[0].headers.Prefer',
  ],
  [
    'a header twice',
    { requests: [{ ...GET, id: '1', headers: { Prefer: 'a', prefer: 'b' } }] },
    /twice/,
    'requests[0].headers.prefer',
  ],
  [
    'dependsOn that is no list',
    { requests: [{ ...GET, id: '1', dependsOn: '2' }] },
    /array/,
    'requests[0].dependsOn',
  ],
  [
    'a dependency that is not there',
    { requests: [{ ...GET, id: '1', dependsOn: ['2'] }] },
    /"2"/,
    'requests[0].dependsOn',
  ],
  [
    'a request that waits for itself',
    { requests: [{ ...GET, id: '1', dependsOn: ['1'] }] },
    /wait for each other/,
  ],
  [
    'a circle',
    {
      requests: [
        { ...USER, id: 'before' },
        { ...GET, id: '1', dependsOn: ['3'] },
        { ...GET, id: '2', dependsOn: ['1'] },
        { ...GET, id: '3', dependsOn: ['2'] },
      ],
    },
    /wait for each other: "1", "2", "3"/,
  ],
  [
    'an atomicity group',
    { requests: [{ ...GET, id: '1', atomicityGroup: 'g' }] },
    /no such property/,
    'requests[0].atomicityGroup',
  ],
  [
    'a condition',
    {
      requests: [
        { ...GET, id: '1' },
        { ...GET, id: '2', if: "$1/status eq '200'" },
      ],
    },
    /no such property/,
    'requests[1].if',
  ],
];
describe('400 for the whole, and nothing ran', () => {
  for (const [name, body, message, target] of WHOLE) {
    test(name, async () => {
      const answer = await server.call('/v1.0/$batch', {
        method: 'POST',
        ...(body === undefined ? {} : { body }),
      });
      assert.equal(answer.status, 400, answer.text);
      const { error } = answer.body;
      assert.equal(error.code, 'BadRequest');
      assert.match(error.message, message);
      if (target !== undefined) assert.equal(error.target, target);
      assert.equal(answer.headers.get('odata-version'), '4.0');
      assert.equal(error.innerError['request-id'], answer.headers.get('request-id'));
      const { body: users } = await server.call('/v1.0/education/users');
      assert.deepEqual(users.value, []);
    });
  }
});

const UUID = '0198e000-0000-7000-8000-00000000000a';
const ITEMS: [name: string, item: Record<string, unknown>, target: string][] = [
  ['an absolute url', { url: 'https://graph.example/v1.0/education/schools' }, 'url'],
  ['an absolute url behind a slash', { url: '/http://localhost/v1.0/education' }, 'url'],
  ['a host', { url: '//localhost/v1.0/education/schools' }, 'url'],
  ['a way up', { url: '/education/../../api/v1/runs' }, 'url'],
  ['a way up, encoded', { url: '/v1.0/%2e%2E/api/v1/runs' }, 'url'],
  ['a backslash', { url: '/education\\..\\x' }, 'url'],
  ['our own API', { url: '/api/v1/runs' }, 'url'],
  ['our own API below a version', { url: '/v1.0/API/v1/runs' }, 'url'],
  ['our own API, encoded', { url: '/%61pi/v1/runs' }, 'url'],
  ['a token', { method: 'POST', url: `/${UUID}/oauth2/v2.0/token` }, 'url'],
  ['keys of tokens', { url: '/common/discovery/v2.0/keys' }, ''],
  ['an upload', { method: 'PUT', url: `/${UUID}/school.csv?sig=x` }, 'url'],
  ['health', { url: '/healthz' }, 'url'],
  ['a batch', { method: 'POST', url: '/$batch' }, 'url'],
  ['a batch, otherwise spelled', { method: 'POST', url: '/beta/%24BATCH' }, 'url'],
  ['a batch in a namespace', { method: 'POST', url: '/microsoft.graph.$batch()' }, 'url'],
  ['a line break', { url: '/education/schools\r\nHost: x' }, 'url'],
  ['a percent sign', { url: '/education/%zz' }, 'url'],
  ['nothing', { url: '' }, 'url'],
  ['a fragment', { url: "/education/schools?$filter=displayName eq 'C#'" }, 'url'],
  ['20,000 characters', { url: `/education/schools?$filter=${'x'.repeat(20_000)}` }, 'url'],
  ['HEAD', { method: 'HEAD' }, 'method'],
  ['OPTIONS', { method: 'OPTIONS' }, 'method'],
  ['a method that is none', { method: 'G ET' }, 'method'],
  ['a header with a line break', { headers: { Prefer: 'a\r\nb: c' } }, 'headers.prefer'],
  ['a body without a type', { method: 'POST', url: '/education/users', body: {} }, 'headers'],
];
describe('400 for the item alone', () => {
  for (const [name, item, target] of ITEMS) {
    test(name, async () => {
      const { status, body, text } = await server.call('/v1.0/$batch', {
        body: {
          requests: [
            { ...GET, id: '1', ...item },
            { ...GET, id: '2' },
          ],
        },
      });
      assert.equal(status, 200, text);
      const [refused, fine] = body.responses;
      if (target === '') assert.equal(refused.status, 404, text);
      else {
        assert.equal(refused.status, 400, text);
        assert.equal(refused.body.error.code, 'BadRequest');
        // What refuses a batch inside a batch has its own target.
        assert.equal(refused.body.error.target, target);
      }
      assert.equal(refused.body.error.innerError['request-id'], refused.headers['request-id']);
      assert.equal(fine.status, 200);
    });
  }
});

test('wrong JSON, a body of two megabytes and one of another type: as everywhere', async () => {
  const deep = `{"requests":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  const cases: [body: string, status: number, contentType?: string][] = [
    [deep, 400],
    ['{"requests":[', 400],
    ['{"requests":[],"requests":[]}', 400],
    [JSON.stringify({ requests: [], filler: 'x'.repeat(2_000_000) }), 413],
    ['requests', 415, 'text/plain'],
  ];
  for (const [body, expected, contentType] of cases) {
    const answer = await server.call('/v1.0/$batch', {
      body,
      ...(contentType === undefined ? {} : { contentType }),
    });
    assert.equal(answer.status, expected);
    assert.notEqual(answer.body.error.code, '');
    assert.equal(answer.headers.get('odata-version'), '4.0');
  }
});

test('other methods: 405 with Allow', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await server.call('/beta/$batch', { method });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'POST');
  }
});
