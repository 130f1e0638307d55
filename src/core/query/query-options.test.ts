import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationalError } from '#lib/errors.ts';
import type { Catalogue } from './catalogue.ts';
import { parseQueryOptions, type QueryOptions } from './query-options.ts';

const CATALOGUE: Catalogue = {
  typeName: 'microsoft.graph.thing',
  properties: {
    id: { type: 'guid' },
    displayName: { type: 'string', orderable: true },
    student: { type: 'complex' },
    'student/grade': { type: 'string' },
  },
};
const NONE: QueryOptions = {
  select: undefined,
  filter: undefined,
  orderBy: undefined,
  top: undefined,
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
    ['order', [['$orderby', 'displayname desc']], { orderBy: { path: 'displayName', descending: true } }],
    [
      'order, ascending',
      [['orderby', 'displayName']],
      { orderBy: { path: 'displayName', descending: false } },
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
    [[['$top', '0']], 'BadRequest', /from 1 to 999, not "0"/],
    [[['$top', '1000']], 'BadRequest', /from 1 to 999/],
    [[['$top', '1e2']], 'BadRequest', /from 1 to 999/],
    [[['$top', '']], 'BadRequest', /from 1 to 999/],
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
    [[['$orderby', 'student/grade']], 'Request_UnsupportedQuery', /It takes displayName/],
    [[['$orderby', 'displayName,id']], 'Request_UnsupportedQuery', /one property/],
    [[['$orderby', 'displayName upwards']], 'BadRequest', /asc or desc/],
    [[['$orderby', 'nome']], 'BadRequest', /no property named "nome"/],
    [[['$count', 'yes']], 'BadRequest', /true or false/],
    [[['$skiptoken', "x'; drop"]], 'BadRequest', /not one that this query gave/],
    [[['$filter', '']], 'BadRequest', /position 1/],
    [[['$expand', 'members']], 'Request_UnsupportedQuery', /"\$expand" is not supported/],
    [[['$skip', '10']], 'Request_UnsupportedQuery', /Follow @odata.nextLink/],
    [[['search', 'x']], 'Request_UnsupportedQuery', /"\$search" is not supported/],
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
