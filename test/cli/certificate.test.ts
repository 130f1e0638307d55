import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

import { makeSelfSignedCertificate } from '#http/tls/self-signed-certificate.ts';
import { scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';
import { runCliHere } from '#test/helpers/cli-run.ts';

const DAY_MS = 86_400_000;
const env = { ROLLBOOK_TENANT: 't', ROLLBOOK_CLIENT_ID: 'c', ROLLBOOK_CLIENT_SECRET: 's' };

/** What `status` says of a service with this certificate at 127.0.0.1. */
async function refusalOf(names: readonly string[], untilMs: number, isTrusted: boolean): Promise<string> {
  const validity = { from: new Date(Date.now() - 2 * DAY_MS), to: new Date(untilMs) };
  const { key, cert } = makeSelfSignedCertificate(names, validity);
  const before = getCACertificates('default');
  const server = createServer({ key, cert }, (_request, response) => response.end());
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    if (isTrusted) setDefaultCACertificates([...before, cert]);
    const { port } = server.address() as AddressInfo;
    const result = await runCliHere(['status', '--url', `https://127.0.0.1:${port}`], { env });
    assert.equal(result.exitCode, 7);
    return result.stderr;
  } finally {
    setDefaultCACertificates(before);
    server.close();
  }
}

test('what is wrong with a certificate is said, and what to do', async () => {
  const tomorrow = Date.now() + DAY_MS;
  const stranger = await refusalOf(['127.0.0.1'], tomorrow, false);
  assert.match(stranger, /is self-signed\. Set NODE_EXTRA_CA_CERTS/u);
  const otherName = await refusalOf(['roster.contoso.com'], tomorrow, true);
  assert.match(otherName, /is for another name\. Say the name that stands in it: --url/u);
  const old = await refusalOf(['127.0.0.1'], Date.now() - DAY_MS, true);
  assert.match(old, /has run out\. Renew it/u);
});

test('an address by https where HTTP is spoken is told so', async () => {
  const server = await scriptedHttpServer(() => ({ status: 200 }));
  try {
    const url = server.address.replace('http:', 'https:');
    const result = await runCliHere(['status', '--url', url], { env });
    assert.equal(result.exitCode, 7);
    assert.match(result.stderr, /No TLS is spoken at https:.* Write http:/u);
  } finally {
    await server.close();
  }
});
