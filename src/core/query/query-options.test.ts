import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationalError } from '#lib/errors.ts';
import type { Catalogue } from './catalogue.ts';
import type { Filter } from './filter.ts';
import { parseQueryOptions, type QueryOptions } from './query-options.ts';

const CATALOGUE: Catalogue = {
  typeName: 'microsoft.graph.thing',
  properties: {
    id: { type: 'guid' },
    displayName: { type: 'string' },
    tags: { type: 'collection' },
    secret: { type: 'string', filterable: false },
    student: { type: 'complex' },
    'student/grade': { type: 'string' },
  },
  navigations: {
    members: { target: () => CATALOGUE },
    owner: { target: () => CATALOGUE, single: true },
    health: { target: () => CATALOGUE, single: true, filterable: false },
  },
  searched: ['displayName', 'student/grade'],
};
const search = (path: string, text: string): Filter => ({ kind: 'call', function: 'search', path, text });
const NONE: QueryOptions = {
  select: undefined,
  filter: undefined,
  expand: [],
  orderBy: [],
  top: undefined,
  skip: 0,
  skipToken: undefined,
  count: false,
};

describe('query options', () => {
  const cases: [name: string, pairs: [string, string][], expected: Partial<QueryOptions>][] = [
    ['none', [], {}],
    [
      'select',
      [['$select', 'displayName, ID,student/grade,id']],
      { select: ['displayName', 'id', 'student/grade'] },
    ],
    ['select everything', [['$select', '*']], {}],
    [
      'without $ and in any case',
      [
        ['TOP', '7'],
        ['$skipToken', 'abc'],
      ],
      { top: 7, skipToken: 'abc' },
    ],
    ['count', [['$count', 'True']], { count: true }],
    [
      'order',
      [['$orderby', 'displayname desc, student/grade ,id asc']],
      {
        orderBy: [
          { path: 'displayName', descending: true },
          { path: 'student/grade', descending: false },
          { path: 'id', descending: false },
        ],
      },
    ],
    [
      'expand',
      [['expand', 'Members($select=id, displayName),owner,health']],
      {
        expand: [
          { name: 'members', select: ['id', 'displayName'] },
          { name: 'owner', select: undefined },
          { name: 'health', select: undefined },
        ],
      },
    ],
    [
      'expand everything of it',
      [['$expand', 'members(select=*)']],
      { expand: [{ name: 'members', select: undefined }] },
    ],
    ['skip', [['$skip', '20']], { skip: 20 }],
    ['search', [['$search', '"displayName:Ann B"']], { filter: search('displayName', 'Ann B') }],
    [
      'search without a property',
      [['$search', 'ann']],
      { filter: { kind: 'or', operands: [search('displayName', 'ann'), search('student/grade', 'ann')] } },
    ],
    [
      'search, put together',
      [['$search', '"displayName:a" OR ("displayName:b" NOT "displayName:c\\"d")']],
      {
        filter: {
          kind: 'or',
          operands: [
            search('displayName', 'a'),
            {
              kind: 'and',
              operands: [search('displayName', 'b'), { kind: 'not', operand: search('displayName', 'c"d') }],
            },
          ],
        },
      },
    ],
    [
      'search and filter',
      [
        ['$search', '"displayName:a" AND "displayName:b"'],
        ['$filter', "displayName eq 'a'"],
      ],
      {
        filter: {
          kind: 'and',
          operands: [
            { kind: 'compare', operator: 'eq', path: 'displayName', value: { type: 'string', value: 'a' } },
            search('displayName', 'a'),
            search('displayName', 'b'),
          ],
        },
      },
    ],
    [
      'order, ascending',
      [['orderby', 'displayName']],
      { orderBy: [{ path: 'displayName', descending: false }] },
    ],
    [
      'filter',
      [['$filter', "displayName eq 'a'"]],
      {
        filter: {
          kind: 'compare',
          operator: 'eq',
          path: 'displayName',
          value: { type: 'string', value: 'a' },
        },
      },
    ],
  ];
  for (const [name, pairs, expected] of cases) {
    test(name, () => {
      assert.deepEqual(parseQueryOptions(pairs, CATALOGUE), { ...NONE, ...expected });
    });
  }
});

describe('refused, with the reason', () => {
  const cases: [pairs: [string, string][], code: string, message: RegExp][] = [
    [[['$top', '0']], 'BadRequest', /from 1 to 1000, not "0"/],
    [[['$top', '1001']], 'BadRequest', /from 1 to 1000/],
    [[['$top', '-1']], 'BadRequest', /from 1 to 1000, not "-1"/],
    [[['$top', '1e2']], 'BadRequest', /from 1 to 1000/],
    [[['$top', '']], 'BadRequest', /from 1 to 1000/],
    [
      [
        ['$top', '1'],
        ['top', '2'],
      ],
      'BadRequest',
      /\$top appears twice/,
    ],
    [[['$select', 'foo']], 'BadRequest', /no property named "foo" on type "microsoft.graph.thing"/],
    [[['$select', 'id,']], 'BadRequest', /empty entry/],
    [[['$orderby', 'secret']], 'Request_UnsupportedQuery', /does not take the property "secret"/],
    [[['$orderby', 'student']], 'Request_UnsupportedQuery', /does not take the property "student"/],
    [[['$orderby', 'id,ID desc']], 'BadRequest', /"id" twice/],
    [[['$orderby', 'id,displayName,student\u002Fgrade,id,id,id']], 'Request_UnsupportedQuery', /at most 5/],
    [[['$orderby', 'displayName upwards']], 'BadRequest', /asc or desc/],
    [[['$orderby', 'nome']], 'BadRequest', /no property named "nome"/],
    [[['$count', 'yes']], 'BadRequest', /true or false/],
    [[['$skiptoken', "x'; drop"]], 'BadRequest', /not one that this query gave/],
    [[['$filter', '']], 'BadRequest', /position 1/],
    [
      [['$filter', 'health/any()']],
      'Request_UnsupportedQuery',
      /does not take "health". It takes members, owner\./,
    ],
    [
      [['$expand', 'friends']],
      'Request_UnsupportedQuery',
      /does not take "friends" .* It takes members, owner/,
    ],
    [[['$expand', '*']], 'BadRequest', /takes names of related objects/],
    [[['$expand', 'members,Members']], 'BadRequest', /"members" twice/],
    [
      [['$expand', 'members($expand=owner)']],
      'Request_UnsupportedQuery',
      /takes \$select inside, not "\$expand"/,
    ],
    [
      [['$expand', 'members($filter=id)']],
      'Request_UnsupportedQuery',
      /takes \$select inside, not "\$filter"/,
    ],
    [[['$expand', 'members($select=nome)']], 'BadRequest', /no property named "nome"/],
    [[['$expand', 'members($select=id']], 'BadRequest', /nothing closes/],
    [[['$expand', 'members)']], 'BadRequest', /closes nothing/],
    [[['$expand', 'a((((((((((b']], 'BadRequest', /one level deep/],
    [[['$skip', '-1']], 'BadRequest', /\$skip is a whole number from 0, not "-1"/],
    [
      [
        ['$skip', '1'],
        ['$skiptoken', 'abc'],
      ],
      'BadRequest',
      /exclude each other/,
    ],
    [[['search', '']], 'BadRequest', /lacks a word/],
    [[['search', '"--"']], 'BadRequest', /no letter or digit in "--"/],
    [[['search', '"ann']], 'BadRequest', /double quote that nothing closes/],
    [[['search', '(ann']], 'BadRequest', /parenthesis that nothing closes/],
    [[['search', 'ann)']], 'BadRequest', /parenthesis that closes nothing/],
    [[['search', 'ann OR']], 'BadRequest', /lacks a word/],
    [[['search', '"nome:ann"']], 'BadRequest', /does not have: "nome"/],
    [[['search', '"id:ann"']], 'Request_UnsupportedQuery', /"id" cannot be used in \$search/],
    [[['search', '('.repeat(1_000)]], 'BadRequest', /nested deeper than 20/],
    [[['search', 'a '.repeat(30)]], 'BadRequest', /more than 20 clauses/],
    [[['search', 'a'.repeat(2_000)]], 'BadRequest', /longer than 1024/],
    [[['foo', 'x']], 'BadRequest', /"foo" is unknown/],
    [[['constructor', 'x']], 'BadRequest', /"constructor" is unknown/],
  ];
  for (const [pairs, code, message] of cases) {
    test(JSON.stringify(pairs), () => {
      assert.throws(
        () => parseQueryOptions(pairs, CATALOGUE),
        (error) => error instanceof OperationalError && error.code === code && message.test(error.message),
      );
    });
  }

  test('options a single object does not take', () => {
    assert.throws(
      () => parseQueryOptions([['$top', '1']], CATALOGUE, ['$select']),
      /"\$top" is not supported here. This address takes \$select/,
    );
  });
});
