import assert from 'node:assert/strict';
import { test } from 'node:test';

import { claimPlace, type ClaimedPlace } from './claim-place.ts';

const OURS = '0198e000-0000-7000-8000-00000000000a';
const OTHERS = '0198e000-0000-7000-8000-00000000000b';
const CLAIM = { installationId: OURS, replaces: undefined };

/** A place with one text, in which somebody may write at any moment. */
function placeWith(text: string | null, onWritten = (ours: string): string => ours) {
  const found = { text };
  const place: ClaimedPlace = {
    read: () => Promise.resolve(found.text),
    write(ours) {
      found.text = onWritten(ours);
      return Promise.resolve();
    },
  };
  return { place, found };
}

test('a place that nobody has is taken', async () => {
  const { place, found } = placeWith(null);
  await claimPlace(place, CLAIM);
  assert.equal(found.text?.trim(), OURS);
});

for (const text of ['', 'Keep out!', `${OTHERS}\n`])
  test(`a place that says ${JSON.stringify(text)} is somebody else's, and stays so`, async () => {
    const { place, found } = placeWith(text);
    await assert.rejects(claimPlace(place, CLAIM), { code: 'StorageOfAnother' });
    assert.equal(found.text, text);
  });

test('of two that come at the same moment the one that was written over knows it', async () => {
  const { place, found } = placeWith(null, () => `${OTHERS}\n`);
  await assert.rejects(claimPlace(place, CLAIM), { code: 'StorageOfAnother' });
  assert.equal(found.text?.trim(), OTHERS);
});
