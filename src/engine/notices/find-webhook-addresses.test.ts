import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findWebhookAddresses } from './find-webhook-addresses.ts';

const HOST = 'hooks.contoso.com';
const find = (resolved: string[], privateHosts: string[] = []) =>
  findWebhookAddresses(
    { privateHosts, resolve: () => Promise.resolve(resolved) },
    `https://${HOST}/x`,
    new AbortController().signal,
  );

test('of a name with public and private addresses the public ones alone are connected to', async () => {
  const found = await find(['10.0.0.1', '93.184.216.34', '::1', '2606:4700::1111', '169.254.169.254']);
  assert.deepEqual('addresses' in found && found.addresses, [
    { address: '93.184.216.34', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ]);
});

test('a host that may be private is connected to wherever it is', async () => {
  const found = await find(['10.0.0.1', '93.184.216.34'], [HOST]);
  assert.deepEqual('addresses' in found && found.addresses, [
    { address: '10.0.0.1', family: 4 },
    { address: '93.184.216.34', family: 4 },
  ]);
});

test('a name without a public address is forbidden; one without any may resolve later', async () => {
  assert.partialDeepStrictEqual(await find(['10.0.0.1', '::1']), { forbidden: true });
  assert.partialDeepStrictEqual(await find([]), { forbidden: false });
});
