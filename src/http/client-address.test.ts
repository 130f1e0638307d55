import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import fastify from 'fastify';

import { clientAddressOf } from './client-address.ts';

const CASES: readonly [name: string, connection: string, forwarded: string | undefined, address: string][] = [
  ['no proxy', '203.0.113.9', undefined, '203.0.113.9'],
  ['somebody elsewhere who says to be another', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['a proxy of this machine', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['the same by IPv6', '::1', '2001:db8::2', '2001:db8::2'],
  ['the same by IPv4 in IPv6', '::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a client of that proxy who says to be another', '127.0.0.1', '192.0.2.1, 198.51.100.1', '198.51.100.1'],
  ['what is no address', '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
  ['this machine itself', '127.0.0.1', undefined, '127.0.0.1'],
];

describe('the address of a client', () => {
  const server = fastify();
  before(() => {
    server.get('/', (request) => clientAddressOf(request));
  });
  after(() => server.close());
  for (const [name, remoteAddress, forwarded, address] of CASES)
    test(name, async () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      const { body } = await server.inject({ url: '/', remoteAddress, headers });
      assert.equal(body, address);
    });
});
