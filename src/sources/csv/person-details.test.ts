import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CsvRow } from './csv-reader.ts';
import { IdTable } from './id-table.ts';
import { DETAIL_GROUPS, NOBODY, PersonDetails } from './person-details.ts';
import { RecordHash } from './record-hash.ts';

const { contacts } = DETAIL_GROUPS;

/** Adds a contact of a person. */
function say(details: PersonDetails, person: string, fields: readonly string[], tag = 0, line = 2): string {
  for (const [place, field] of fields.entries()) {
    if (place > 0) details.nextField();
    details.write(Buffer.from(field), 0, Buffer.byteLength(field));
  }
  const id = Buffer.from(person);
  return details.add(contacts, id, 0, id.length, details.endValue(), tag, line);
}

function find(details: PersonDetails, person: string): number {
  const bytes = Buffer.from(person);
  const row: Partial<CsvRow> = { bytes, starts: Int32Array.of(0), ends: Int32Array.of(bytes.length) };
  return details.find(row as CsvRow, 0);
}

function contentOf(details: PersonDetails, person: string, incomplete = false): string {
  const hash = new RecordHash(Buffer.alloc(32), Buffer.alloc(16));
  hash.beginContent(4);
  details.hashInto(hash, find(details, person), incomplete);
  hash.endContent();
  return hash.content.join(' ');
}

const opened = (): PersonDetails => {
  const details = new PersonDetails(new IdTable(7));
  details.state(contacts);
  return details;
};

test('the order in which things are said makes no difference, and nothing is said twice', () => {
  const mother = ['Ana Elm', 'ana@home.example', '1'];
  const father = ['Ben Elm', 'ben@home.example', ''];
  const [one, other] = [opened(), opened()];
  assert.deepEqual(
    [say(one, '7', mother), say(one, '7', father, 6), say(one, '7', mother)],
    ['added', 'added', 'again'],
  );
  say(other, '7', father, 6);
  say(other, '8', mother);
  say(other, '7', mother);
  assert.equal(contentOf(one, '7'), contentOf(other, '7'));
  assert.deepEqual(one.recordOf(find(one, '7'), false), {
    contacts: [
      { displayName: 'Ana Elm', emailAddress: 'ana@home.example', mobilePhone: '1', relationship: 'parent' },
      { displayName: 'Ben Elm', emailAddress: 'ben@home.example', mobilePhone: null, relationship: 'other' },
    ],
  });
  assert.deepEqual(one.recordOf(find(one, '7'), false), other.recordOf(find(other, '7'), false));
});

test('each part of what is said counts in the hash; of whom nothing is said, nothing', () => {
  const details = opened();
  say(details, 'a', ['Ana', 'a@b.example', '1']);
  say(details, 'b', ['Ana', 'a@b.example', '2']);
  say(details, 'c', ['Ana', 'a@b.example', '1'], 3);
  say(details, 'd', ['Ana', 'a@b.example', '1']);
  const contents = ['a', 'b', 'c', 'nobody'].map((person) => contentOf(details, person));
  assert.equal(new Set([...contents, contentOf(details, 'a', true)]).size, 5);
  assert.equal(contentOf(details, 'd'), contents[0]);
  assert.equal(contentOf(new PersonDetails(new IdTable(7)), 'x'), contents[3]);
  assert.deepEqual(details.recordOf(NOBODY, false), { contacts: [] });
});

test('what the roster does not state is in no record and no hash', () => {
  const details = new PersonDetails(new IdTable(7));
  assert.deepEqual(details.recordOf(NOBODY, true), {});
  say(details, 'a', ['Ana', 'a@b.example', '']);
  assert.deepEqual(details.recordOf(find(details, 'a'), true), {});
  assert.equal(contentOf(details, 'a'), contentOf(details, 'nobody'));
  assert.equal(details.bitsOf(find(details, 'a')), 0);
});

test('incomplete: one person, or all', () => {
  const details = opened();
  say(details, 'a', ['Ana', 'a@b.example', '']);
  details.spoil(contacts, Buffer.from('b'), 0, 1);
  const incomplete = (): boolean[] =>
    [...['a', 'b'].map((id) => find(details, id)), NOBODY].map((one) => details.incompleteBits(one) !== 0);
  assert.deepEqual(incomplete(), [false, true, false]);
  assert.deepEqual(details.recordOf(find(details, 'b'), true), { contacts: [], incomplete: ['contacts'] });
  assert.deepEqual(details.recordOf(find(details, 'b'), false), { contacts: [] });
  details.spoilAll(contacts);
  assert.deepEqual(incomplete(), [true, true, true]);
});

test('many people, many things, one too many', () => {
  const details = opened();
  for (let n = 0; n < 2_000; n += 1)
    say(details, `p${n % 500}`, [`Name ${n}`, `n${n}@b.example`, ''], n % 7, n);
  assert.equal(details.rows, 2_000);
  const { contacts: found } = details.recordOf(find(details, 'p499'), false) as {
    contacts: { displayName: string }[];
  };
  assert.deepEqual(
    found.map(({ displayName }) => displayName),
    ['Name 1499', 'Name 1999', 'Name 499', 'Name 999'],
  );
  for (let n = 0; n < 100; n += 1) assert.equal(say(details, 'x', [`Name ${n}`, 'x', '']), 'added');
  assert.equal(say(details, 'x', ['Another', 'x', '']), 'full');
  assert.equal(say(details, 'x', ['Name 5', 'x', '']), 'again');
});

test('strangers: those who are not present among the people, in the order of lines', () => {
  const details = opened();
  say(details, 'gone', ['A', 'a@b.example', ''], 0, 9);
  say(details, 'here', ['A', 'a@b.example', ''], 0, 3);
  say(details, 'dropped', ['A', 'a@b.example', ''], 0, 4);
  const people = new IdTable(7);
  people.states[people.add(Buffer.from('here'), 0, 4)] = 1;
  people.states[people.add(Buffer.from('dropped'), 0, 7)] = 2;
  assert.deepEqual(details.strangers(contacts, people, 1), [
    { id: 'dropped', index: 1, line: 4 },
    { id: 'gone', index: -1, line: 9 },
  ]);
});
