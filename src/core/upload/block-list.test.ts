import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isBlockId, parseBlockList } from './block-list.ts';

const HEAD = '<?xml version="1.0" encoding="utf-8"?>';

const accepted: Record<string, [string, string[]]> = {
  'as the SDK sends it': [
    `${HEAD}<BlockList><Latest>QUFB</Latest><Latest>QkJC</Latest></BlockList>`,
    ['Latest QUFB', 'Latest QkJC'],
  ],
  'with line breaks and without a declaration': [
    '<BlockList>\n  <Committed>QUFB</Committed>\r\n  <Uncommitted> QQ== </Uncommitted>\n</BlockList>\n',
    ['Committed QUFB', 'Uncommitted QQ=='],
  ],
  'with a byte order mark': [`\uFEFF${HEAD}\n<BlockList><Latest>QUFB</Latest></BlockList>`, ['Latest QUFB']],
  empty: ['<BlockList></BlockList>', []],
  'empty in one tag': [`${HEAD}<BlockList />`, []],
};

for (const [name, [xml, expected]] of Object.entries(accepted)) {
  test(`a block list ${name}`, () => {
    assert.deepEqual(
      parseBlockList(xml)?.map((reference) => `${reference.from} ${reference.id}`),
      expected,
    );
  });
}

const refused: Record<string, string> = {
  'nothing at all': '',
  'not XML': 'QUFB',
  'a document type': '<!DOCTYPE x [<!ENTITY a "QUFB">]><BlockList><Latest>QUFB</Latest></BlockList>',
  'an entity': '<BlockList><Latest>&a;</Latest></BlockList>',
  'a character reference': '<BlockList><Latest>QUF&#66;</Latest></BlockList>',
  'a comment': '<BlockList><!-- x --><Latest>QUFB</Latest></BlockList>',
  'an attribute': '<BlockList xmlns="x"><Latest>QUFB</Latest></BlockList>',
  'an unknown element': '<BlockList><Newest>QUFB</Newest></BlockList>',
  'an element closed by another': '<BlockList><Latest>QUFB</Committed></BlockList>',
  'an empty id': '<BlockList><Latest></Latest></BlockList>',
  'an id that is not base64': '<BlockList><Latest>QUF</Latest></BlockList>',
  'an id of 65 bytes': `<BlockList><Latest>${Buffer.alloc(67).toString('base64')}</Latest></BlockList>`,
  'no end': '<BlockList><Latest>QUFB</Latest>',
  'something after the end': '<BlockList></BlockList><BlockList></BlockList>',
};

for (const [name, xml] of Object.entries(refused)) {
  test(`a block list is refused: ${name}`, () => assert.equal(parseBlockList(xml), undefined));
}

test('fifty thousand entries are read in one pass', () => {
  const entry = `<Latest>${Buffer.alloc(48, 7).toString('base64')}</Latest>\n`;
  assert.equal(parseBlockList(`<BlockList>${entry.repeat(50_000)}</BlockList>`)?.length, 50_000);
});

test('a block id is base64 of 1 to 64 bytes', () => {
  assert.equal(isBlockId(''), false);
  assert.equal(isBlockId('AA=='), true);
  assert.equal(isBlockId('AA'), false);
  assert.equal(isBlockId(Buffer.alloc(64).toString('base64')), true);
  assert.equal(isBlockId(Buffer.alloc(67).toString('base64')), false);
});
