import assert from 'node:assert/strict';
import { test } from 'node:test';

import { signUploadUrl, verifyUploadSignature } from './upload-signature.ts';

const key = Buffer.alloc(32, 7);
const grant = {
  tenantId: '0198e000-0000-7000-8000-00000000000a',
  profileId: '0198e000-0000-7000-8000-00000000000b',
  uploadId: '0198e000-0000-7000-8000-00000000000c',
  expiresAt: new Date('2026-08-20T10:00:00Z'),
};
const before = new Date('2026-08-20T09:59:59Z');
const url = new URL(signUploadUrl({ ...grant, baseUrl: 'https://rollbook.example/path', key }));
const query = Object.fromEntries(url.searchParams);
const container = grant.profileId;

test('the URL looks like that of the retired service', () => {
  assert.equal(url.pathname, `/path/${grant.profileId}`);
  assert.deepEqual(Object.keys(query).sort(), ['se', 'si', 'sig', 'sp', 'sr', 'sv']);
  assert.match(url.href, /\?sv=2015-07-08&sr=c&si=[\w-]{43}&sig=[\w-]{43}&se=2026-08-20T10%3A00%3A00Z&sp=w$/);
});

test('it grants what was signed, until it expires', () => {
  assert.deepEqual(verifyUploadSignature({ container, query, now: before, key }), grant);
  assert.deepEqual(
    verifyUploadSignature({ container: container.toUpperCase(), query, now: before, key }),
    grant,
  );
  assert.equal(verifyUploadSignature({ container, query, now: grant.expiresAt, key }), 'expired');
});

test('other parameters do not matter', () => {
  const more = { ...query, comp: 'block', blockid: 'AAAA', timeout: '60' };
  assert.deepEqual(verifyUploadSignature({ container, query: more, now: before, key }), grant);
});

test('any change makes it invalid', () => {
  const other = { ...grant, uploadId: '0198e000-0000-7000-8000-00000000000d', baseUrl: '', key };
  const otherSi = new URLSearchParams(signUploadUrl(other).split('?')[1]).get('si');
  const changes: Record<string, Record<string, unknown>> = {
    'later expiry': { se: '2026-08-21T10:00:00Z' },
    'more permissions': { sp: 'rwdl' },
    'another upload': { si: otherSi },
    'another resource': { sr: 'b' },
    'another version': { sv: '2026-01-01' },
    'parts with another border between them': { sv: `${query.sv}${query.sr}`, sr: '' },
    'no signature': { sig: undefined },
    'an empty signature': { sig: '' },
    'a signature twice': { sig: [query.sig, query.sig] },
    'another signature': { sig: `${query.sig?.startsWith('A') ? 'B' : 'A'}${query.sig?.slice(1)}` },
  };
  for (const [name, change] of Object.entries(changes)) {
    const changed = { ...query, ...change };
    assert.equal(verifyUploadSignature({ container, query: changed, now: before, key }), 'invalid', name);
  }
  assert.equal(verifyUploadSignature({ container: grant.tenantId, query, now: before, key }), 'invalid');
  assert.equal(verifyUploadSignature({ container, query, now: before, key: Buffer.alloc(32, 8) }), 'invalid');
  assert.equal(verifyUploadSignature({ container, query: {}, now: before, key }), 'invalid');
});
