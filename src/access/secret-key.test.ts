import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OperationalError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { openSecretBox } from './open-secret-box.ts';
import { loadSecretKey, parseSecretKey } from './secret-key.ts';

const base64 = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const boxOf = (text: string) => openSecretBox(parseSecretKey(text, 'test'), realSystem);
const secret = Buffer.from('a secret of somebody');

test('what was sealed opens, and only whole', () => {
  const box = boxOf(`v1:${base64(1)}`);
  const sealed = box.seal(secret);
  assert.deepEqual(box.open(sealed), secret);
  assert.notDeepEqual(box.seal(secret), sealed, 'a nonce of its own each time');
  assert.deepEqual(box.open(box.seal(Buffer.alloc(0))), Buffer.alloc(0));
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => box.open(changed), { code: 'SecretKeyMismatch' }, `byte ${index}`);
  }
  assert.throws(() => box.open(sealed.subarray(0, 20)), { code: 'SecretKeyMismatch' });
  assert.throws(() => boxOf(`v1:${base64(2)}`).open(sealed), { code: 'SecretKeyMismatch' });
});

test('a new key seals, the old one still opens', () => {
  const old = boxOf(`v1:${base64(1)}`).seal(secret);
  const both = boxOf(`v1:${base64(1)}, v2:${base64(2)}`);
  assert.deepEqual(both.open(old), secret);
  const fresh = both.seal(secret);
  assert.equal(fresh[0], 2);
  assert.deepEqual(boxOf(`v2:${base64(2)}`).open(fresh), secret);
  assert.deepEqual(both.deriveKey('x', 32), boxOf(`v2:${base64(2)}`).deriveKey('x', 32));
  assert.notDeepEqual(both.deriveKey('x', 32), both.deriveKey('y', 32));
});

test('wrong keys are refused without being quoted', () => {
  for (const text of [
    'hunter2hunter2',
    `v0:${base64(1)}`,
    `v256:${base64(1)}`,
    'v1:c2hvcnQ=',
    '',
    `v1:${base64(1)},v1:${base64(2)}`,
    `x:${base64(1)}`,
  ]) {
    assert.throws(
      () => parseSecretKey(text, 'SECRET_KEY'),
      (error: unknown) =>
        error instanceof OperationalError &&
        error.code === 'SecretKeyInvalid' &&
        (text === '' || !error.message.includes(text)),
      text,
    );
  }
});

test('the first start makes a key for its owner alone, later ones find it', async () => {
  const dataDir = join(await mkdtemp(join(tmpdir(), 'rollbook-key-')), 'data');
  const [first, other] = await Promise.all([
    loadSecretKey(dataDir, undefined, realSystem),
    loadSecretKey(dataDir, undefined, realSystem),
  ]);
  assert.equal(first.origin, 'file');
  assert.deepEqual(other, first, 'two processes at once agree');
  assert.deepEqual(await loadSecretKey(dataDir, undefined, realSystem), first);
  const path = join(dataDir, 'secret.key');
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.match(await readFile(path, 'utf8'), /^v1:[A-Za-z0-9+/]{43}=\n$/);
  const given = await loadSecretKey(dataDir, `v3:${base64(9)}`, realSystem);
  assert.deepEqual([given.origin, given.keys[0]?.version], ['given', 3]);
  await rm(dataDir, { recursive: true });
});
