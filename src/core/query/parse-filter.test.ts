import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { InvalidRequestError, OperationalError } from '#lib/errors.ts';
import { ITSELF, type Catalogue } from './catalogue.ts';
import { checkFilter } from './check-filter.ts';
import { MAX_FILTER_LENGTH } from './filter-lexer.ts';
import { pathsOf, type Filter, type FilterValue } from './filter.ts';
import { MAX_FILTER_DEPTH, MAX_FILTER_TERMS, parseFilter } from './parse-filter.ts';
import { printFilter } from './print-filter.ts';
import { UnsupportedQueryError } from './query-errors.ts';

const CATALOGUE: Catalogue = {
  typeName: 'microsoft.graph.thing',
  properties: {
    id: { type: 'guid' },
    name: { type: 'string' },
    'student/grade': { type: 'string' },
    student: { type: 'complex' },
    enabled: { type: 'boolean' },
    size: { type: 'int' },
    born: { type: 'date' },
    changed: { type: 'dateTimeOffset' },
    role: { type: 'enum', members: ['student', 'teacher', 'none'] },
    hidden: { type: 'string', filterable: false },
  },
  elements: {
    phones: { typeName: 'Edm.String', properties: { [ITSELF]: { type: 'string' } } },
    contacts: {
      typeName: 'microsoft.graph.contact',
      properties: { name: { type: 'string' }, 'home/city': { type: 'string' } },
    },
  },
  navigations: { friends: { target: () => CATALOGUE } },
};

const read = (text: string): Filter => checkFilter(parseFilter(text), CATALOGUE);

describe('filters in their normal form', () => {
  const cases: [written: string, normal: string][] = [
    ["name eq 'a'", "name eq 'a'"],
    ["  NAME   EQ'a'  ", "name eq 'a'"],
    ["name eq 'O''Brien'", "name eq 'O''Brien'"],
    ["name eq ''", "name eq ''"],
    ["name eq ''''", "name eq ''''"],
    ['name ne null', 'name ne null'],
    ["role eq 'Teacher'", "role eq 'teacher'"],
    ["role eq microsoft.graph.educationUserRole'student'", "role eq 'student'"],
    ['enabled eq TRUE', 'enabled eq true'],
    ['size ge -5', 'size ge -5'],
    ['born lt 2010-02-28', 'born lt 2010-02-28'],
    ['changed gt 2026-01-01T00:00:00Z', 'changed gt 2026-01-01T00:00:00Z'],
    ["id eq 'A0000000-0000-4000-8000-000000000001'", 'id eq a0000000-0000-4000-8000-000000000001'],
    ["student/grade in ('9', '10')", "student/grade in ('9','10')"],
    ["startsWith(name, 'A')", "startswith(name,'A')"],
    ["startswith(name,'A') eq true", "startswith(name,'A')"],
    ["startswith(name,'A') eq false", "not startswith(name,'A')"],
    ["((name eq 'a'))", "name eq 'a'"],
    ["name eq 'a' and (enabled eq true and size eq 1)", "name eq 'a' and enabled eq true and size eq 1"],
    ["name eq 'a' and size eq 1 or size eq 2", "name eq 'a' and size eq 1 or size eq 2"],
    ["name eq 'a' and (size eq 1 or size eq 2)", "name eq 'a' and (size eq 1 or size eq 2)"],
    ["not(name eq 'a')", "not name eq 'a'"],
    ["not (name eq 'a' or size eq 1)", "not (name eq 'a' or size eq 1)"],
    ["phones/any(p:p eq '1')", "phones/any(x:x eq '1')"],
    [
      "Contacts/ANY( c : c/name eq 'a' and c/home/city ne null )",
      "contacts/any(x:x/name eq 'a' and x/home/city ne null)",
    ],
    [
      "not contacts/any(c:startswith(c/name,'a') or c/name in ('b'))",
      "not contacts/any(x:startswith(x/name,'a') or x/name in ('b'))",
    ],
    ['friends/any()', 'friends/any()'],
    ['friends/any(f:f/size eq 1) and size eq 2', 'friends/any(x:x/size eq 1) and size eq 2'],
  ];
  for (const [written, normal] of cases) {
    test(written, () => {
      assert.equal(printFilter(read(written)), normal);
    });
  }

  test('"and" binds closer than "or"', () => {
    const filter = read('size eq 1 or size eq 2 and size eq 3');
    assert.equal(filter.kind, 'or');
    assert.deepEqual(pathsOf(filter), ['size', 'size', 'size']);
  });
});

describe('what is wrong is named with its position', () => {
  const cases: [written: string, message: RegExp][] = [
    ['', /at position 1 a property, .* was expected, not the end/],
    ['name', /at position 5 an operator \(eq, .*\) was expected, not the end/],
    ['name eq', /at position 8 a value was expected, not the end/],
    ["name eq 'a", /at position 9 a string begins that no quote closes/],
    ['name eq abc', /at position 9 a value \(text stands in single quotes\) was expected, not "abc"/],
    ["name = 'a'", /at position 6 "=" cannot stand/],
    ["name eq 'a' and", /at position 16 a property, .* was expected, not the end/],
    ["name eq 'a' size eq 1", /at position 13 "and", "or" or the end was expected, not "size"/],
    ["(name eq 'a'", /at position 13 "and", "or" or "\)" was expected, not the end/],
    ["name eq 'a')", /at position 12 "and", "or" or the end was expected, not "\)"/],
    ["'a' eq name", /at position 1 a property, .* was expected, not "a"/],
    ["nome eq 'a'", /at position 1 there is no property named "nome" on type "microsoft.graph.thing"/],
    ['name eq 5', /at position 9 text in single quotes .* was expected for the property "name", not "5"/],
    ["size eq 'x'", /at position 9 a whole number was expected for the property "size"/],
    ['size eq 1.5', /at position 9 a whole number/],
    ["enabled eq 'true'", /at position 12 true or false was expected/],
    ['born eq 2026-02-30', /at position 9 a date \(YYYY-MM-DD\) was expected/],
    ['changed eq 2026-13-01T00:00:00Z', /at position 12 a time/],
    ["id eq 'x'", /at position 7 an id \(a GUID\)/],
    ["role eq 'pupil'", /at position 9 one of 'student', 'teacher', 'none' was expected/],
    ["startswith(name 'A')", /at position 17 "," was expected, not "A"/],
    ["startswith('A',name)", /at position 12 a property was expected/],
    ['startswith(name,5)', /at position 17 text in single quotes/],
    ["name in ('a'", /at position 13 "," or "\)" was expected/],
    [
      "phones/any(p:name eq 'a')",
      /at position 14 "p\/\.\.\.", a property of the variable, was expected, not "name"/,
    ],
    [
      'contacts/any(c:c/size eq 1)',
      /at position 16 there is no property named "c\/size" on type "microsoft.graph.contact"/,
    ],
    ["contacts/any(c c/name eq 'a')", /at position 16 ":" was expected/],
    ["contacts/any(c:c/name eq 'a'", /at position 29 "and", "or" or "\)" was expected/],
    ["name eq 'a\0b'", /at position 9 a string holds the character U\+0000/],
    [`name eq '${'a'.repeat(MAX_FILTER_LENGTH)}'`, /it is longer than 8192 characters/],
    [`${'('.repeat(60)}name eq 'a'${')'.repeat(60)}`, /at position 52 it is nested deeper than 50/],
    [`${'not '.repeat(51)}name eq 'a'`, /nested deeper than 50/],
  ];
  for (const [written, message] of cases) {
    test(written.slice(0, 50), () => {
      assert.throws(
        () => read(written),
        (error) =>
          error instanceof InvalidRequestError && message.test(error.message) && error.target === '$filter',
      );
    });
  }
});

describe('what OData has and Rollbook does not', () => {
  const cases: [written: string, message: RegExp][] = [
    [
      "tolower(name) eq 'a'",
      /function "tolower" at position 1 .* Supported: startswith, endswith, contains, any/,
    ],
    [
      "student/any(c:c/name eq 'a')",
      /any at position 1 .* does not take "student". It takes phones, contacts, friends/,
    ],
    ["contacts/all(c:c/name eq 'a')", /function "contacts\/all" at position 1/],
    ['friends/any(f:f/friends/any(g:g/size eq 1))', /an any inside an any/],
    ["hidden eq 'a'", /"hidden" cannot be used in \$filter/],
    ['student eq null', /"student" cannot be used in \$filter/],
    ['enabled gt true', /operator "gt" cannot be used with the property "enabled"/],
    ['name gt null', /operator "gt" .* and null/],
    ["startswith(role,'s')", /takes text; the property "role" is none/],
    [Array.from({ length: MAX_FILTER_TERMS + 1 }, () => 'size eq 1').join(' or '), /at most 100 comparisons/],
  ];
  for (const [written, message] of cases) {
    test(written.slice(0, 50), () => {
      assert.throws(
        () => read(written),
        (error) => error instanceof UnsupportedQueryError && message.test(error.message),
      );
    });
  }
});

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'));
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'),
      fc.constantFrom('name', 'student/grade'),
      text,
    )
    .map(([operator, path, value]): Filter => ({
      kind: 'compare',
      operator: operator as 'eq',
      path,
      value: { type: 'string', value },
    })),
  fc
    .tuple(
      fc.constantFrom<'eq' | 'ne'>('eq', 'ne'),
      fc.oneof(
        fc.constant<[string, FilterValue]>(['name', { type: 'null' }]),
        fc.boolean().map((value): [string, FilterValue] => ['enabled', { type: 'boolean', value }]),
        fc.maxSafeInteger().map((value): [string, FilterValue] => ['size', { type: 'int', value }]),
        fc.uuid().map((value): [string, FilterValue] => ['id', { type: 'guid', value }]),
        fc
          .constantFrom('student', 'teacher', 'none')
          .map((value): [string, FilterValue] => ['role', { type: 'enum', value }]),
        fc
          .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
          .map((at): [string, FilterValue] => [
            'born',
            { type: 'date', value: at.toISOString().slice(0, 10) },
          ]),
      ),
    )
    .map(([operator, [path, value]]): Filter => ({ kind: 'compare', operator, path, value })),
  fc.array(text, { minLength: 1, maxLength: 4 }).map((values): Filter => ({
    kind: 'in',
    path: 'name',
    values: values.map((value) => ({ type: 'string', value })),
  })),
  fc
    .tuple(fc.constantFrom<'startswith' | 'contains'>('startswith', 'contains'), text)
    .map(([called, value]): Filter => ({ kind: 'call', function: called, path: 'name', text: value })),
);

/** Groups that hold none of their own kind, as the parser makes them. */
function group(kind: 'and' | 'or', operands: readonly Filter[]): Filter {
  const [only] = operands;
  if (operands.length === 1 && only !== undefined) return only;
  return { kind, operands: operands.flatMap((one) => (one.kind === kind ? one.operands : [one])) };
}
function hasNoAny(filter: Filter): boolean {
  if (filter.kind === 'any') return false;
  if (filter.kind === 'not') return hasNoAny(filter.operand);
  return filter.kind === 'and' || filter.kind === 'or' ? filter.operands.every(hasNoAny) : true;
}
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc
      .tuple(
        fc.constantFrom<'and' | 'or'>('and', 'or'),
        fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
      )
      .map(([kind, operands]) => group(kind, operands)),
    tie('filter').map((operand): Filter => ({ kind: 'not', operand })),
    fc
      .option(tie('filter').filter(hasNoAny), { nil: undefined })
      .map((condition): Filter => ({ kind: 'any', path: 'friends', condition })),
  ),
})).filter;

describe('laws', () => {
  test('what is printed is read as the same filter', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const printed = printFilter(filter);
        fc.pre(printed.length <= MAX_FILTER_LENGTH);
        assert.deepEqual(read(printed), filter);
        assert.equal(printFilter(read(printed)), printed);
      }),
      { numRuns: 500 },
    );
  });

  test('any text is a filter or is refused with a message, quickly', () => {
    const pieces = fc.constantFrom(
      'name',
      'eq',
      "'a'",
      '(',
      ')',
      ' ',
      'and',
      'or',
      'not',
      'startswith',
      'friends/any',
      ':',
      ',',
      "'",
      'null',
      '1',
      '/',
      '-',
      'in',
      '\0',
      'ß',
    );
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(pieces, { maxLength: 200 }).map((parts) => parts.join('')),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(anything, (written) => {
        let filter: Filter;
        try {
          filter = read(written);
        } catch (error) {
          assert.ok(error instanceof OperationalError, String(error));
          assert.ok(error.message.length < 400);
          return;
        }
        assert.deepEqual(read(printFilter(filter)), filter);
      }),
      { numRuns: 3_000 },
    );
  });

  test('a filter as deep as is allowed is read, one deeper is not', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}size eq 1${')'.repeat(depth)}`;
    assert.equal(printFilter(read(nested(MAX_FILTER_DEPTH))), 'size eq 1');
    assert.throws(() => read(nested(MAX_FILTER_DEPTH + 1)), InvalidRequestError);
    assert.throws(() => read('('.repeat(MAX_FILTER_LENGTH)), InvalidRequestError);
  });
});
